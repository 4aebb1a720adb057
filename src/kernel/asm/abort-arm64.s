// The SIGABRT handler of src/kernel/abort.ts for arm64, which carries its bytes.
// Data, 64 KiB behind the code:  0 armed  8 text  16 its length  24 exit code
        .set    DATA, 0x10000
handler:
        adr     x9, handler + DATA
        ldr     x10, [x9]                       // armed?
        cbz     x10, out
        mov     x0, #2                          // write(2, text, length)
        ldr     x1, [x9, #8]
        ldr     x2, [x9, #16]
        mov     x8, #64
        svc     #0
        ldr     x0, [x9, #24]                   // exit_group(exit code)
        mov     x8, #94
        svc     #0
out:    ret                                     // abort(3) then takes the default action
