/*
 * The simulated processor's way between modes: the counterpart of the image's interrupt stubs.
 *
 * machine_return is a restartable sequence. A signal that arrives between machine_return_begin and machine_return_end
 * finds the kernel half-way into user mode; the handler puts the C library's FS base back and starts the sequence over,
 * so an interrupt that the signal made pending is seen by the check at its top. Everything is loaded from memory, and the
 * user frame is only read (but for CS and SS, which iretq needs and which mean nothing to the kernel).
 */
#define CROSSING_PENDING 0
#define CROSSING_UNMASKED 8
#define CROSSING_IN_USER 16
#define CROSSING_THREAD 24
#define CROSSING_VECTOR_MASK 32
#define CROSSING_FSGSBASE 48
#define CROSSING_HOST_CS 56
#define CROSSING_HOST_SS 64
#define CROSSING_TARGET 72
#define THREAD_USER_FS 0
#define THREAD_FRAME 8
#define THREAD_VECTOR 16
#define FRAME_RIP (18 * 8) /* struct trapframe */
#define FRAME_CS (19 * 8)
#define FRAME_RFLAGS (20 * 8)
#define FRAME_SS (22 * 8)
#define RFLAGS_TF 0x100
#define SYS_ARCH_PRCTL 158
#define ARCH_SET_FS 0x1002

        .text

/* From struct trapframe at rsp: r15 to rax. rsp is at `vector` then. */
        .macro load_registers
        addq    $8, %rsp                /* cr2 */
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rbp
        popq    %rbx
        popq    %rdx
        popq    %rcx
        popq    %rax
        .endm

/* From struct trapframe at rsp: all registers, then iretq, with the host's selectors. */
        .macro load_frame_and_return
        movq    host_crossing+CROSSING_HOST_CS(%rip), %rax
        movq    %rax, FRAME_CS(%rsp)
        movq    host_crossing+CROSSING_HOST_SS(%rip), %rax
        movq    %rax, FRAME_SS(%rsp)
        load_registers
        addq    $16, %rsp               /* vector, error */
        iretq
        .endm

/* Vector registers from the area at rdi; clobbers rax and rdx. */
        .macro load_vector
        movl    host_crossing+CROSSING_VECTOR_MASK(%rip), %eax
        movl    host_crossing+CROSSING_VECTOR_MASK+4(%rip), %edx
        testl   %eax, %eax
        jz      1f
        xrstor64 (%rdi)
        jmp     2f
1:      fxrstor64 (%rdi)
2:
        .endm

/* A trap from user mode, registers saved in the user frame at rsp; the handler returned here. */
        .globl  machine_user_entry
        .type   machine_user_entry, @function
machine_user_entry:
        movq    %rsp, %rdi
        call    machine_user_trap
        jmp     machine_return_begin

/* void machine_return(void): to user mode with the running thread's state. */
        .globl  machine_return
        .type   machine_return, @function
        .globl  machine_return_begin
machine_return:
machine_return_begin:
        movq    host_crossing+CROSSING_PENDING(%rip), %rax
        testq   %rax, host_crossing+CROSSING_UNMASKED(%rip)
        jnz     machine_return_pending
        movq    $1, host_crossing+CROSSING_IN_USER(%rip)
        movq    host_crossing+CROSSING_THREAD(%rip), %rbx
        movq    THREAD_FRAME(%rbx), %rsp
        movq    THREAD_VECTOR(%rbx), %rdi
        load_vector
        movq    THREAD_USER_FS(%rbx), %rsi
        cmpq    $0, host_crossing+CROSSING_FSGSBASE(%rip)
        je      3f
        wrfsbase %rsi
        jmp     4f
3:      movl    $ARCH_SET_FS, %edi
        movl    $SYS_ARCH_PRCTL, %eax
        syscall
4:      testl   $RFLAGS_TF, FRAME_RFLAGS(%rsp)
        jnz     5f                      /* popfq would make the next instruction here trap */
        movq    FRAME_RIP(%rsp), %rax
        movq    %rax, host_crossing+CROSSING_TARGET(%rip)
        load_registers
        addq    $32, %rsp               /* vector, error, rip, cs */
        popfq
        popq    %rsp
        jmp     *host_crossing+CROSSING_TARGET(%rip)    /* a third of iretq's cost */
5:      load_frame_and_return
        .globl  machine_return_end
machine_return_end:

/* An interrupt came in at the last moment. */
machine_return_pending:
        movq    host_crossing+CROSSING_THREAD(%rip), %rax
        movq    THREAD_FRAME(%rax), %rsp
        xorl    %ebp, %ebp
        movq    %rsp, %rdi
        call    machine_user_pending
        jmp     machine_return_begin

/* A trap from kernel mode: the handler built a trap frame at rsp with the vector state behind it, its address in rbx. */
        .globl  machine_kernel_entry
        .type   machine_kernel_entry, @function
machine_kernel_entry:
        movq    %rsp, %r12
        movq    %rsp, %rdi
        call    machine_kernel_trap
        movq    %rbx, %rdi
        load_vector
        movq    %r12, %rsp
        load_frame_and_return

        .section .note.GNU-stack, "", @progbits
