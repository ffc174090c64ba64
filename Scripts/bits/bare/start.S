// SPDX-License-Identifier: Apache-2.0
//
// The first sector of a disk from which a PC starts: loads what follows it, sets the processor to 64 bits with all
// vector registers on, and calls `bare_main`. Low memory: 0x1000 page tables, 0x7c00 this sector, 0x10000 the program.

    .section .boot, "ax"
    .code16
    .globl bare_start
bare_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7c00, %sp
    movw $16, %cx                   // pieces of 32 KB
load:
    movb $0x42, %ah                 // the disk's number stays in dl
    movw $packet, %si
    int $0x13
    jc stop
    addw $0x800, packet + 6         // segment
    addl $64, packet + 8            // sector
    loop load

    inb $0x92, %al                  // addresses above 1 MB
    orb $2, %al
    outb %al, $0x92

    movw $0x1000, %di               // one table of each kind; the first gigabyte in pages of 2 MB, each as it is
    xorl %eax, %eax
    movw $0xc00, %cx
    cld
    rep stosl
    movl $0x2003, 0x1000
    movl $0x3003, 0x2000
    movw $0x3000, %di
    movl $0x83, %eax
pages:
    movl %eax, (%di)
    addl $0x200000, %eax
    addw $8, %di
    cmpw $0x4000, %di
    jne pages

    lgdt table
    movl $0x40620, %eax             // PAE, SSE with its exceptions, XSAVE
    movl %eax, %cr4
    movl $0x1000, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx          // long mode
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl $0x80000013, %eax          // paging, protection, a coprocessor that is there
    movl %eax, %cr0
    ljmpl $8, $long_mode
stop:
    hlt
    jmp stop

    .code64
long_mode:
    movw $16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0x200000, %esp
    xorl %ecx, %ecx                 // x87, SSE, AVX and AVX-512 state
    xorl %edx, %edx
    movl $0xe7, %eax
    xsetbv
    call bare_main
halt:
    hlt
    jmp halt

    .balign 8
packet:
    .byte 16, 0
    .word 64, 0, 0x1000             // sectors, offset, segment
    .quad 1
segments:
    .quad 0, 0x00209a0000000000, 0x0000920000000000
table:
    .word 23
    .long segments
    .org 510
    .word 0xaa55
