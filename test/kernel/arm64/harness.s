// A program without libc that puts one of our handlers in place as src/kernel/handler.ts does, runs
// into what it is for, and writes its data area to standard output. Built by run.ts:
//   KIND      1 sigbus  2 abort  3 interrupt
//   ARMED     the word the handler looks at first
//   OFFSET    (1) the byte touched in a mapping of 16 pages of which the file has one left
//   PAGE      (1) the page size it is told; 0 makes its mmap fail
        .set    DATA, 0x10000
        .set    PAGES, 16 * 4096
        .macro  call number
        mov     x8, #\number
        svc     #0
        .endm

        .global _start
_start: mov     x0, #0                          // mmap(0, 2 * DATA, rw, private | anonymous, -1, 0)
        mov     x1, #2 * DATA
        mov     x2, #3
        mov     x3, #0x22
        mov     x4, #-1
        mov     x5, #0
        call    222
        mov     x19, x0                         // the handler; x20: its data
        add     x20, x0, #16, lsl #12
        adr     x1, code
        adr     x2, code_end
copy:   ldr     w3, [x1], #4
        str     w3, [x0], #4
        cmp     x1, x2
        b.lo    copy
        mov     x0, x19                         // mprotect(handler, DATA, read | exec)
        mov     x1, #DATA
        mov     x2, #5
        call    226
        mov     x0, #ARMED
        str     x0, [x20]
        adr     x21, action
        str     x19, [x21]

        .if     KIND == 1
        mov     x0, #-PAGE
        str     x0, [x20, #24]
        mov     x0, #PAGE
        str     x0, [x20, #32]
        bl      install
        adr     x0, text                        // memfd_create, ftruncate, mmap, ftruncate
        mov     x1, #0
        call    279
        mov     x22, x0
        mov     x1, #PAGES
        call    46
        mov     x0, #0
        mov     x1, #PAGES
        mov     x2, #3
        mov     x3, #1
        mov     x4, x22
        mov     x5, #0
        call    222
        mov     x23, x0
        mov     w1, #7
        strb    w1, [x23]
        mov     x0, x22
        mov     x1, #4096
        call    46
        ldr     x1, =OFFSET
        ldrb    w24, [x23, x1]                  // the handler runs here
        ldrb    w25, [x23, x1]                  // and not here
        str     x23, [x20, #96]                 // the mapping, and what was read
        strb    w24, [x20, #104]
        strb    w25, [x20, #105]
        ldrb    w24, [x23]
        strb    w24, [x20, #106]
        .else
        adr     x0, text
        str     x0, [x20, #8]
        mov     x0, #text_end - text
        str     x0, [x20, #16]
        mov     x0, #9
        str     x0, [x20, #24]
        bl      install
        call    172                             // kill(getpid(), signal)
        mov     x1, #SIGNAL
        call    129
        .endif

        mov     x0, #1                          // write(1, data, 128)
        mov     x1, x20
        mov     x2, #128
        call    64
        mov     x0, #0
        call    94

install:                                        // rt_sigaction(signal, action, 0, 8)
        mov     x0, #SIGNAL
        mov     x1, x21
        mov     x2, #0
        mov     x3, #8
        call    134
        ret

text:   .ascii  "last words\n"
text_end:
        .byte   0
        .balign 8
code:   .incbin "handler.bin"
code_end:
        .ltorg
        .data
        .balign 8
action: .quad   0, FLAGS, 0, 0
