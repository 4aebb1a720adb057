# The SIGBUS handler of src/kernel/sigbus.ts for x86-64, which carries its bytes.
# handler(signal rdi, siginfo rsi, context rdx). The kernel restores every register afterwards.
# Data, 64 KiB behind the code:  0 armed  8 faults  16 last address  24 page mask  32 page size
#                                64 a zeroed kernel_sigaction (SIG_DFL)
        .set    DATA, 0x10000
        .intel_syntax noprefix
handler:
        lea     rbx, [rip + handler + DATA]
        cmp     qword ptr [rbx], 0              # armed?
        je      die
        mov     rdi, [rsi + 16]                 # si_addr
        mov     [rbx + 16], rdi
        lock inc qword ptr [rbx + 8]
        and     rdi, [rbx + 24]                 # mmap(page, size,
        mov     rsi, [rbx + 32]
        mov     edx, 3                          #   PROT_READ|PROT_WRITE,
        mov     r10d, 0x32                      #   MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED,
        mov     r8, -1                          #   -1,
        xor     r9d, r9d                        #   0)
        mov     eax, 9
        syscall
        cmp     rax, -4096
        ja      give_up
        ret
give_up:                                        # sealed, or too many mappings: tgkill(getpid(),
        mov     eax, 39                         #   gettid(), SIGABRT), so that abort.ts says
        syscall                                 #   what happened
        mov     edi, eax
        mov     eax, 186
        syscall
        mov     esi, eax
        mov     edx, 6
        mov     eax, 234
        syscall
die:                                            # rt_sigaction(SIGBUS, SIG_DFL): the same access
        mov     edi, 7                          # faults again and ends the process
        lea     rsi, [rbx + 64]
        xor     edx, edx
        mov     r10d, 8
        mov     eax, 13
        syscall
        ret
