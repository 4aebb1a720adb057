# The SIGINT handler of src/kernel/interrupt.ts for x86-64, which carries its bytes.
# Data, 64 KiB behind the code:  8 text  16 its length
        .set    DATA, 0x10000
        .intel_syntax noprefix
handler:
        lea     rbx, [rip + handler + DATA]
        mov     r12d, edi                       # the signal
        mov     edi, 2                          # write(2, text, length)
        mov     rsi, [rbx + 8]
        mov     rdx, [rbx + 16]
        mov     eax, 1
        syscall
        mov     eax, 39                         # getpid()
        syscall
        mov     edi, eax                        # kill(pid, signal): its action is the default one
        mov     esi, r12d
        mov     eax, 62
        syscall
        ret
