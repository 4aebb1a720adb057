# The record check of src/kernel/records.ts for x86-64 with AVX2, BMI2 and PCLMULQDQ, which carries
# its bytes. check(state rdi) -> rax: 0 all plain so far, 1 some record is not, 2 told to stop.
# State, in 64-bit words:  0 at  8 end  16 phase  24 rows  32 patterns  40 phases after  48 stop
#   56 delimiter, line end, quote, all ones if quoted, CR: a byte each  64 inside quotes (all ones)
#   72 the byte before may stand before an opening quote  80 the byte before closed one
#   88 window bytes (0: none)  96 window start  104 112 scratch  120 end of the mapping
# A record is plain when of its delimiters and line end, in order, only the last is a line end. The
# phase is how many of them the present record has had: patterns[phase] has a 1 for every line end
# among the next 64, phasesAfter[phase + n] is the phase n of them later.
        .intel_syntax noprefix
check:
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        vpbroadcastb ymm0, byte ptr [rdi + 56]  # delimiters
        vpbroadcastb ymm1, byte ptr [rdi + 57]  # line ends
        vpbroadcastb ymm2, byte ptr [rdi + 58]  # quotes
        vpbroadcastb ymm3, byte ptr [rdi + 59]  # all ones where quotes count
        vpbroadcastb ymm15, byte ptr [rdi + 60] # CR
        mov     rsi, [rdi]
        mov     r8, [rdi + 16]
        mov     r9, [rdi + 32]
        mov     r10, [rdi + 40]
        mov     r11, [rdi + 24]
        mov     rbx, [rdi + 64]
        mov     rbp, [rdi + 72]
        mov     r12, [rdi + 80]
window:
        mov     r14, [rdi + 8]                  # the last byte a block may end before
        cmp     qword ptr [rdi + 88], 0
        je      block
        mov     edx, 22                         # MADV_POPULATE_READ
        call    advise
        mov     rax, [rdi + 96]
        add     rax, [rdi + 88]
        cmp     rax, r14
        cmovb   r14, rax
block:
        lea     rax, [rsi + 64]
        cmp     rax, r14
        ja      over
        vmovdqu ymm4, [rsi]
        vmovdqu ymm5, [rsi + 32]
        vpcmpeqb ymm6, ymm4, ymm0
        vpcmpeqb ymm7, ymm5, ymm0
        vpmovmskb eax, ymm6
        vpmovmskb ecx, ymm7
        shl     rcx, 32
        or      rax, rcx                        # rax: delimiters
        vpcmpeqb ymm6, ymm4, ymm1
        vpcmpeqb ymm7, ymm5, ymm1
        vpmovmskb edx, ymm6
        vpmovmskb ecx, ymm7
        shl     rcx, 32
        or      rdx, rcx                        # rdx: line ends
        vpcmpeqb ymm6, ymm4, ymm2
        vpcmpeqb ymm7, ymm5, ymm2
        vpand   ymm6, ymm6, ymm3
        vpand   ymm7, ymm7, ymm3
        vpor    ymm8, ymm6, ymm7
        vptest  ymm8, ymm8
        jnz     quotes
        test    rbx, rbx
        jnz     quotes
        xor     r12d, r12d
        mov     rcx, rax
        or      rcx, rdx
structure:                                      # rcx: both
        mov     rbp, rcx
        shr     rbp, 63
        popcnt  r13, rcx
        pext    r15, rdx, rcx
        mov     rax, [r9 + r8*8]
        bzhi    rax, rax, r13
        cmp     rax, r15
        jne     wrong
        popcnt  rdx, rdx
        add     r11, rdx
        add     r8, r13
        movzx   r8d, word ptr [r10 + r8*2]
        add     rsi, 64
        jmp     block
over:
        cmp     r14, [rdi + 8]
        je      done
        mov     edx, 4                          # MADV_DONTNEED: what was read is not this
        call    advise                          # process's memory
        mov     rax, [rdi + 88]
        add     [rdi + 96], rax
        cmp     qword ptr [rdi + 48], 0
        je      window
        mov     eax, 2
        jmp     leave
wrong:
        mov     eax, 1
        jmp     leave
done:
        xor     eax, eax
leave:
        mov     [rdi], rsi
        mov     [rdi + 16], r8
        mov     [rdi + 24], r11
        mov     [rdi + 64], rbx
        mov     [rdi + 72], rbp
        mov     [rdi + 80], r12
        vzeroupper
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret
quotes:                                         # the same steps as kernels/csv/index.ts
        vpmovmskb r13d, ymm6
        vpmovmskb ecx, ymm7
        shl     rcx, 32
        or      r13, rcx                        # r13: quotes
        vmovq   xmm8, r13
        vpcmpeqb xmm9, xmm9, xmm9
        vpclmulqdq xmm8, xmm8, xmm9, 0
        vmovq   r15, xmm8
        xor     r15, rbx                        # r15: inside, with the opening quote
        mov     rcx, rax
        or      rcx, rdx
        mov     [rdi + 104], rcx
        add     rcx, rcx
        or      rcx, rbp                        # before an opening quote
        andn    rbp, r15, r13                   # rbp: closing
        lea     rbx, [rbp + rbp]
        or      rcx, rbx
        or      rcx, r12
        mov     r12, r13
        and     r12, r15                        # opening
        andn    rcx, rcx, r12
        mov     [rdi + 112], rcx                # opening quotes out of place
        vpcmpeqb ymm6, ymm4, ymm15
        vpcmpeqb ymm7, ymm5, ymm15
        vpmovmskb r12d, ymm6
        vpmovmskb ecx, ymm7
        shl     rcx, 32
        or      r12, rcx                        # CR
        xor     ebx, ebx
        movzx   ecx, byte ptr [rsi + 64]        # the byte behind the block
        cmp     cl, [rdi + 57]
        sete    bl
        ror     rbx, 1
        mov     rcx, rdx
        shr     rcx, 1
        or      rcx, rbx                        # before a line end
        and     r12, rcx
        or      r13, r12
        or      r13, [rdi + 104]
        shr     r13, 1                          # before what may follow a closing quote
        or      r13, rbx
        movzx   ecx, byte ptr [rsi + 64]
        xor     ebx, ebx
        cmp     cl, [rdi + 56]
        sete    bl
        xor     r12d, r12d
        cmp     cl, [rdi + 58]
        sete    r12b
        or      rbx, r12
        movzx   r12d, word ptr [rsi + 64]
        mov     ch, [rdi + 57]
        mov     cl, 13
        cmp     r12w, cx
        sete    cl
        movzx   ecx, cl
        or      rbx, rcx
        ror     rbx, 1
        or      r13, rbx
        andn    r13, r13, rbp                   # closing quotes out of place
        or      r13, [rdi + 112]
        jnz     wrong
        mov     rbx, r15
        sar     rbx, 63
        mov     r12, rbp
        shr     r12, 63
        andn    rdx, r15, rdx
        andn    rcx, r15, [rdi + 104]
        jmp     structure
advise:                                         # madvise(window start, window bytes, edx)
        push    rdi
        push    rsi
        push    r11
        mov     rsi, [rdi + 120]                # never behind the mapping: that is not ours
        sub     rsi, [rdi + 96]
        cmp     rsi, [rdi + 88]
        cmova   rsi, [rdi + 88]
        mov     rdi, [rdi + 96]
        mov     eax, 28
        syscall
        pop     r11
        pop     rsi
        pop     rdi
        ret
