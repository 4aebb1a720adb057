# The record check of src/kernel/records.ts for x86-64 with AVX2, BMI2 and PCLMULQDQ, which carries
# its bytes. check(state rdi) -> rax: 0 all plain so far, 1 some record is not, 2 told to stop, 3 what
# is picked does not fit.
# State, in 64-bit words:  0 at  8 end  16 phase  24 rows  32 patterns  40 phases after  48 stop
#   56 delimiter, line end, quote, all ones if quoted, CR: a byte each  64 inside quotes (all ones)
#   72 the byte before may stand before an opening quote  80 the byte before closed one
#   61 point, 62 how many bytes from it on belong to numbers
#   88 window bytes (0: none)  96 window start  104 112 scratch  120 end of the mapping
#   128 where numbers begin  136 where other columns that are watched begin  144 what is looked for
#   152 what was found: a byte for each column  160 "0" x 8  168 0x76 x 8  176 0x80 x 7
#   184 where runs of picked columns end (0: nothing is picked)  192 where such runs begin
#   200 where the present one began (0: none)  208 where it goes  216 the last byte it may go before
#   224 runs the record has left  232 runs of a record  240 behind the last whole record that went there
#   256 what each byte is: 1 it ends a number, 2 a field that begins with it is empty, 4 a quote
# A record is plain when of its delimiters and line end, in order, only the last is a line end. The
# phase is how many of them the present record has had: patterns[phase] has a 1 for every line end
# among the next 64, phasesAfter[phase + n] is the phase n of them later. Tables 128 and 136 are like
# patterns, with a 1 for each of them behind which a column begins that is looked at; 184 and 192 for
# those at which a run of picked columns ends, and behind which one begins.
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
        vpbroadcastb ymm12, byte ptr [rdi + 61] # points
        vpbroadcastb ymm13, byte ptr [rdi + 62]
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
        popcnt  r13, rcx
        pext    r15, rdx, rcx
        mov     rax, [r9 + r8*8]
        bzhi    rax, rax, r13
        cmp     rax, r15
        jne     wrong
        popcnt  rdx, rdx
        add     r11, rdx
        mov     rax, [rdi + 128]
        mov     rax, [rax + r8*8]
        pdep    rax, rax, rcx                   # rax: a number begins behind it
        test    rax, rax
        jnz     number
others:
        mov     rax, [rdi + 136]
        mov     rax, [rax + r8*8]
        pdep    rax, rax, rcx
        test    rax, rax
        jnz     other
following:
        mov     rax, [rdi + 184]
        test    rax, rax
        jnz     pick
picked:
        mov     rbp, rcx
        shr     rbp, 63
        add     r8, r13
        movzx   r8d, word ptr [r10 + r8*2]
        add     rsi, 64
        jmp     block
pick:                                           # runs are copied as they are, with the byte behind
        mov     rax, [rax + r8*8]
        mov     rdx, [rdi + 192]
        mov     rdx, [rdx + r8*8]
        pdep    rax, rax, rcx                   # rax: runs end at it
        pdep    rdx, rdx, rcx                   # rdx: runs begin behind it
        mov     rbp, rax
        or      rbp, rdx
        jz      picked
        push    rcx
        push    r13
        mov     r15, [rdi + 208]
        mov     rbp, [rdi + 200]
        test    rbp, rbp
        jz      begin
end:
        test    rax, rax
        jz      kept
        tzcnt   rcx, rax
        blsr    rax, rax
        lea     rcx, [rsi + rcx + 1]
        sub     rcx, rbp
        lea     r13, [r15 + rcx]
        cmp     r13, [rdi + 216]
        ja      full
copy:
        vmovdqu ymm6, [rbp]
        vmovdqu [r15], ymm6
        add     rbp, 32
        add     r15, 32
        cmp     r15, r13
        jb      copy
        mov     r15, r13
        dec     qword ptr [rdi + 224]
        jnz     begin
        mov     rbp, [rdi + 232]
        mov     [rdi + 224], rbp
        mov     bpl, [rdi + 57]
        mov     [r15 - 1], bpl                  # the last of a record ends it
        mov     [rdi + 240], r15
begin:
        xor     ebp, ebp
        test    rdx, rdx
        jz      kept
        tzcnt   rbp, rdx
        blsr    rdx, rdx
        lea     rbp, [rsi + rbp + 1]
        jmp     end
kept:
        mov     [rdi + 200], rbp
        mov     [rdi + 208], r15
        pop     r13
        pop     rcx
        jmp     picked
full:
        pop     r13
        pop     rcx
        mov     eax, 3
        jmp     leave
number:                                         # digits and points up to the end, at most 15 digits
        tzcnt   rdx, rax                        # before the point, no 0 before a digit: as it should
        lea     rdx, [rsi + rdx + 1]            # be; all else is looked at byte by byte
digits:
        xor     ebp, ebp
        cmp     byte ptr [rdx], '-'
        sete    bpl
        add     rdx, rbp
        vmovdqu ymm6, [rdx]
        vpsubb  ymm7, ymm6, ymm12
        vpminub ymm8, ymm7, ymm13
        vpcmpeqb ymm7, ymm7, ymm8
        vpmovmskb ebp, ymm7
        not     ebp
        tzcnt   ebp, ebp
        movzx   r15d, byte ptr [rdx + rbp]
        test    byte ptr [rdi + r15 + 256], 1
        jz      noend
ended:
        cmp     ebp, 16
        jae     long
zeros:
        movzx   ebp, word ptr [rdx]
        sub     ebp, 0x3030
        rol     bp, 8
        cmp     bp, 10
        jb      suspect
next:
        blsr    rax, rax
        jnz     number
        jmp     others
long:
        vpcmpeqb xmm7, xmm6, xmm12
        vpmovmskb ebp, xmm7
        test    ebp, ebp
        jnz     zeros
        jmp     suspect
noend:
        test    byte ptr [rdi + r15 + 256], 4
        jz      suspect
        test    ebp, ebp
        jnz     ended                           # the closing quote
        tzcnt   rbp, rax
        lea     rbp, [rsi + rbp + 1]
        cmp     rbp, rdx
        jne     suspect
        inc     rdx                             # the opening one
        vmovdqu ymm6, [rdx]
        vpsubb  ymm7, ymm6, ymm12
        vpminub ymm8, ymm7, ymm13
        vpcmpeqb ymm7, ymm7, ymm8
        vpmovmskb ebp, ymm7
        not     ebp
        tzcnt   ebp, ebp
        movzx   r15d, byte ptr [rdx + rbp]
        test    byte ptr [rdi + r15 + 256], 4
        jnz     ended
suspect:
        call    column
        jz      next
        push    rbx
        push    rcx
        push    r13
        xor     ebx, ebx                        # what it is found to be
        mov     ecx, 5                          # what ends it
        lea     r13, [rdx + 128]                # as far as it is looked at
        movzx   r15d, byte ptr [rdx]
        test    byte ptr [rdi + r15 + 256], 4
        jz      blanks
        inc     rdx
        mov     ecx, 4
blanks:
        movzx   r15d, byte ptr [rdx]
        test    byte ptr [rdi + r15 + 256], cl  # a tab may be the delimiter
        jnz     judged
        cmp     rdx, r13
        jae     unclear
        inc     rdx
        cmp     r15d, ' '
        je      blanks
        cmp     r15d, 9
        je      blanks
        cmp     r15d, '+'
        je      plus
        cmp     r15d, '-'
        je      minus
        dec     rdx
        jmp     minus
plus:
        or      ebx, 1
minus:
        movzx   r15d, word ptr [rdx]
        sub     r15d, 0x3030
        rol     r15w, 8
        cmp     r15w, 10
        jae     whole
        or      ebx, 1
whole:
        lea     r15, [rdx + 16]
        push    r15
wholes:
        movzx   r15d, byte ptr [rdx]
        sub     r15d, '0'
        cmp     r15d, 10
        jae     fewer
        inc     rdx
        cmp     rdx, [rsp]
        jb      wholes
        or      ebx, 2
fewer:
        pop     r15
exponent:
        cmp     rdx, r13
        jae     unclear
        movzx   r15d, byte ptr [rdx]
        test    byte ptr [rdi + r15 + 256], cl
        jnz     judged
        inc     rdx
        or      r15d, 0x20
        cmp     r15d, 'e'
        jne     exponent
        xor     r15d, r15d
        cmp     byte ptr [rdx], '+'
        sete    r15b
        mov     r15d, [rdx + r15]
        shl     r15d, 8                         # three bytes
        xor     r15d, 0x30303000
        push    r15
        add     r15d, 0x76767600
        or      r15, [rsp]
        lea     rsp, [rsp + 8]
        test    r15d, 0x80808000
        jnz     exponent
        or      ebx, 2
        jmp     judged
unclear:
        or      ebx, 3
judged:
        pop     r13
        pop     rcx
        mov     edx, ebx
        pop     rbx
        call    note
        jmp     next
other:
        call    column
        jz      passed
        test    r15d, 8
        jz      micros
        movzx   edx, byte ptr [rdx]
        test    byte ptr [rdi + rdx + 256], 2
        mov     edx, 8
        jz      odd
        jmp     passed
micros:                                         # 7 digits behind a point
        vmovdqa ymm10, ymm0
        vmovdqa ymm11, ymm1
        movzx   r15d, byte ptr [rdx]
        test    byte ptr [rdi + r15 + 256], 2
        jnz     passed
        test    byte ptr [rdi + r15 + 256], 4
        jz      bare
        inc     rdx
        vmovdqa ymm10, ymm2
        vmovdqa ymm11, ymm2
bare:
        vmovdqu ymm6, [rdx]
        vmovdqu ymm7, [rdx + 32]
        push    rbx
        push    r13
        vpcmpeqb ymm8, ymm6, ymm10
        vpcmpeqb ymm9, ymm6, ymm11
        vpor    ymm8, ymm8, ymm9
        vpmovmskb r13d, ymm8
        vpcmpeqb ymm8, ymm7, ymm10
        vpcmpeqb ymm9, ymm7, ymm11
        vpor    ymm8, ymm8, ymm9
        vpmovmskb r15d, ymm8
        shl     r15, 32
        or      r15, r13                        # r15: where it may end
        vpcmpeqb ymm6, ymm6, ymm12
        vpcmpeqb ymm7, ymm7, ymm12
        vpmovmskb ebx, ymm6
        vpmovmskb r13d, ymm7
        shl     r13, 32
        or      rbx, r13                        # rbx: points
        blsmsk  r13, r15                        # all ones where it does not end
        and     rbx, r13
        cmp     r15, 1
        sbb     r15d, r15d
        and     r15d, 4                         # too long to tell
point:
        test    rbx, rbx
        jz      points
        tzcnt   r13, rbx
        mov     r13, [rdx + r13 + 1]
        xor     r13, [rdi + 160]
        push    r13
        add     r13, [rdi + 168]
        or      r13, [rsp]
        lea     rsp, [rsp + 8]
        blsr    rbx, rbx
        test    r13, [rdi + 176]
        jnz     point
        mov     r15d, 4
points:
        mov     edx, r15d
        pop     r13
        pop     rbx
odd:
        call    note
passed:
        blsr    rax, rax
        jnz     other
        jmp     following
column:                                         # of the field behind the lowest of rax: rbp; what is
        blsmsk  rbp, rax                        # looked for in it: r15, and whether it is nothing
        and     rbp, rcx
        popcnt  rbp, rbp
        add     rbp, r8
        movzx   ebp, word ptr [r10 + rbp*2]
        tzcnt   rdx, rax
        lea     rdx, [rsi + rdx + 1]            # rdx: its first byte
        mov     r15, [rdi + 144]
        movzx   r15d, byte ptr [r15 + rbp]
        test    r15d, r15d
        ret
note:                                           # edx was found in column rbp: once is enough
        mov     r15, [rdi + 144]
        and     dl, [r15 + rbp]
        xor     [r15 + rbp], dl
        mov     r15, [rdi + 152]
        or      [r15 + rbp], dl
        ret
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
