// The SIGBUS handler of src/kernel/sigbus.ts for arm64, which carries its bytes.
// handler(signal x0, siginfo x1, context x2). The kernel restores every register afterwards.
// Data, 64 KiB behind the code:  0 armed  8 faults  16 last address  24 page mask  32 page size
//                                64 a zeroed kernel_sigaction (SIG_DFL)
        .set    DATA, 0x10000
handler:
        adr     x9, handler + DATA
        ldr     x10, [x9]                       // armed?
        cbz     x10, die
        ldr     x0, [x1, #16]                   // si_addr
        str     x0, [x9, #16]
        add     x13, x9, #8                     // one more fault, whichever threads meet one
count:  ldxr    x11, [x13]
        add     x11, x11, #1
        stxr    w12, x11, [x13]
        cbnz    w12, count
        ldr     x11, [x9, #24]
        and     x0, x0, x11                     // mmap(page, size,
        ldr     x1, [x9, #32]
        mov     x2, #3                          //   PROT_READ|PROT_WRITE,
        mov     x3, #0x32                       //   MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED,
        mov     x4, #-1                         //   -1,
        mov     x5, #0                          //   0)
        mov     x8, #222
        svc     #0
        cmn     x0, #1, lsl #12                 // an errno?
        b.hi    give_up
        ret
give_up:                                        // sealed, or too many mappings: tgkill(getpid(),
        mov     x8, #172                        //   gettid(), SIGABRT), so that abort.ts says
        svc     #0                              //   what happened
        mov     x12, x0
        mov     x8, #178
        svc     #0
        mov     x1, x0
        mov     x0, x12
        mov     x2, #6
        mov     x8, #131
        svc     #0
die:                                            // rt_sigaction(SIGBUS, SIG_DFL): the same access
        mov     x0, #7                          // faults again and ends the process
        add     x1, x9, #64
        mov     x2, #0
        mov     x3, #8
        mov     x8, #134
        svc     #0
        ret
