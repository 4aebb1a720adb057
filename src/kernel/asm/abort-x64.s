# The SIGABRT handler of src/kernel/abort.ts for x86-64, which carries its bytes.
# Data, 64 KiB behind the code:  0 armed  8 text  16 its length  24 exit code
        .set    DATA, 0x10000
        .intel_syntax noprefix
handler:
        lea     rbx, [rip + handler + DATA]
        cmp     qword ptr [rbx], 0              # armed?
        je      out
        mov     edi, 2                          # write(2, text, length)
        mov     rsi, [rbx + 8]
        mov     rdx, [rbx + 16]
        mov     eax, 1
        syscall
        mov     rdi, [rbx + 24]                 # exit_group(exit code)
        mov     eax, 231
        syscall
out:    ret                                     # abort(3) then takes the default action
