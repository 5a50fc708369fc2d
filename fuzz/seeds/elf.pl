# ELF files like the linker's, but small: what a fuzzer copies for every input costs more than the parser does.

sub ehdr
{
  my ($type, $segments) = @_;
  return "\x7fELF" . u8(2, 1, 1, 0) . zeros(8) . u16($type, 62) . u32(1) . u64(0x400040, 64, 0) . u32(0) . u16(64, 56, $segments, 0, 0, 0);
}
# TYPE, FLAGS, OFFSET, ADDRESS, FILE-SIZE, MEMORY-SIZE, ALIGNMENT.
sub phdr { my ($type, $flags, $offset, $address, @sizes) = @_; u32($type, $flags) . u64($offset, $address, $address, @sizes) }
# TYPE, NAME, DESCRIPTOR.
sub note { my ($type, $name, $desc) = @_; u32(length $name, length $desc, $type) . aligned(4, $name) . aligned(4, $desc) }

my $program = ehdr(2, 4) . phdr(1, 5, 0, 0x400000, 340, 340, 0x1000) . phdr(1, 6, 0x140, 0x401140, 8, 0x2000, 0x1000) .
  phdr(4, 4, 288, 0x400120, 52, 52, 4) . phdr(0x6474e551, 6, 0, 0, 0, 0, 16) .
  note(1, "GNU\0", zeros(8)) . note(1, "Veridian\0", u32(1));
seed('elf', 'program', $program);
seed('elf', "fails-$_", $program . u8($_)) for 1 .. 8;
seed('elf', 'pie', ehdr(3, 1) . phdr(1, 5, 0, 0, 120, 120, 0x1000));
seed('elf', 'pie-alignment', ehdr(3, 1) . phdr(1, 5, 0, 0, 120, 120, 0x40000000000));
seed('elf', 'many-headers', ehdr(2, 33));
seed('elf', 'no-segment', ehdr(2, 1) . phdr(6, 4, 0, 0, 0, 0, 8));
seed('elf', 'note-8', ehdr(2, 2) . phdr(1, 5, 0, 0x400000, 64, 176, 0) . phdr(4, 4, 176, 0, 16, 16, 8) . u32(0, 0, 7, 0));
seed('elf', 'many-segments', ehdr(2, 20) . join '', map { phdr(1, 5, 0, $_ * 0x1000 + 0x400000, 0, 16, 1) } 1 .. 20);


# A note segment, its bytes at the end.
sub noted { my $notes = join '', @_; ehdr(2, 2) . phdr(1, 5, 0, 0x400000, 64, 176, 0) . phdr(4, 4, 176, 0, (length $notes) x 2, 4) . $notes }
my $native = note(1, "Veridian\0", u32(1));
seed('elf', 'note-last', noted($native, note(7, 'X', '')));
seed('elf', 'note-unpadded', noted(u32(1, 0, 7) . 'X'));
seed('elf', 'note-name-cut', noted(u32(5, 0, 7) . 'X'));
seed('elf', 'notes-long', noted(zeros(4200)));

# Segments without bytes of the file, or without any; one that the program headers are not in.
seed('elf', 'bss-first', ehdr(2, 3) . phdr(1, 6, 0, 0x400000, 0, 4096, 0) . phdr(1, 5, 0, 0x401000, 232, 232, 0) .
  phdr(1, 0, 0, 0x402000, 0, 0, 0));
seed('elf', 'headers-outside', ehdr(2, 1) . phdr(1, 5, 120, 0x400078, 8, 8, 0) . zeros(8));
seed('elf', 'pie-plain', ehdr(3, 1) . phdr(1, 1, 0, 0x400000, 120, 120, 1));
seed('elf', 'pie-wraps', ehdr(3, 1) . phdr(1, 5, 0, -4096, 120, 120, 0x1000));

# Every field of the headers that is looked at: of the file, of the first two segments, of the note and its segment.
vary('elf', 'field', $program,
  [0, 1, 0], [4, 1, 1], [5, 1, 2], [6, 1, 0], [16, 2, 1], [18, 2, 3], [20, 4, 2], [24, 8, 0], [32, 8, -8], [52, 2, 1], [54, 2, 1],
  [56, 2, 0], [56, 2, 99], [68, 4, 7], [72, 8, 1], [80, 8, -4096], [80, 8, 0], [80, 8, 0x7ffffff00000], [80, 8, 0x400001],
  [96, 8, 0x10000],
  [104, 8, 1], [104, 8, -1], [104, 8, 0], [112, 8, 3], [136, 8, -8], [136, 8, 0], [136, 8, 0x400140], [136, 8, 0x300140],
  [152, 8, 0], [184, 8, -8], [208, 8, 0x100000], [208, 8, 20], [208, 8, 30], [208, 8, 40], [288, 4, -1], [308, 4, 5], [312, 4, 8],
  [316, 4, 2], [320, 1, 0], [324, 1, 0x58]);
1;
