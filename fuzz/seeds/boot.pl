# Boot protocols: multiboot2, pvh, handoff (our own loaders), and memory maps by themselves.

# A memory map with an entry of every type, and some that overlap.
sub e820
{
  join '', map { u64($_->[0], $_->[1]) . u32($_->[2], 0) }
    [0, 0x9fc00, 1], [0x9fc00, 0x400, 2], [0x100000, 0x7ee0000, 1], [0x7fe0000, 0x10000, 3], [0x7ff0000, 0x10000, 4],
    [0x300000, 0x1000, 5], [0x400800, 0x1000, 0x1000], [0xfd000000, 0x300000, 77], [0x100000000, 0xfffffffffffff, 1];
}

# So many ranges of memory, none next to another.
sub ranges { join '', map { u64($_ * 8192, 4096) . u32(1, 0) } 1 .. $_[0] }

# ---- Multiboot2 ----

sub tag { my ($type, $body) = @_; aligned(8, u32($type, 8 + length $body) . $body) }
sub multiboot2 { my $tags = join '', @_; u32(16 + length $tags, 0) . $tags . u32(0, 8) }

# TYPE, RED, BLUE: the byte of the mode, and where the two colours are in a pixel.
sub colour_mode
{
  my ($type, $red, $blue) = @_;
  return tag(8, u64(0xfd000000) . u32(4096, 1024, 768) . u8(32, $type, 0, 0, $red, 8, 8, 8, $blue, 8));
}
sub map_tag { my ($entry_size, $entries) = @_; tag(6, u32($entry_size, 0) . $entries) }
my $basic = tag(4, u32(640, 130000));
my ($rsdp_1, $rsdp_2) = (tag(14, 'RSD PTR ' . zeros(12)), tag(15, 'RSD PTR ' . zeros(28)));

seed('multiboot2', 'grub', multiboot2(
    tag(1, "loglevel=debug\0"), tag(2, "GRUB 2.06\0"), tag(3, u32(0x300000, 0x312345) . "initrd\0"), $basic, map_tag(24, e820()),
    colour_mode(1, 16, 0), $rsdp_1, $rsdp_2, tag(99, zeros(4))));
seed('multiboot2', 'basic', multiboot2($basic, tag(3, u32(0x300000, 0x300000)), colour_mode(1, 0, 16)));
seed('multiboot2', 'text-mode', multiboot2(colour_mode(2, 0, 0)));
seed('multiboot2', 'huge', multiboot2(map_tag(24, u64(0, -2**63) . u32(1, 0) . u64(0x20000000000000, 4096) . u32(1, 0))));
seed('multiboot2', 'entry-size', multiboot2(map_tag(32, join '', map { u64($_ * 8192, 4096) . u32(1, 0, 0, 0) } 0 .. 9)));
seed('multiboot2', 'many', multiboot2(map_tag(24, ranges(257))));
seed('multiboot2', 'many-screen', multiboot2(map_tag(24, ranges(256)), colour_mode(1, 16, 0)));
seed('multiboot2', 'screen-half', multiboot2(colour_mode(1, 0, 8), $basic));
seed('multiboot2', 'modules', multiboot2((map { tag(3, u32(@$_)) } [4096, 4096], [8192, 12288], [4096, 8192]), $basic));
seed('multiboot2', 'no-end', u32(20, 0, 1, 12) . 'quit');
vary('multiboot2', 'basic', multiboot2($basic), [0, 4, 4], [0, 4, 0x7fffffff], [8, 4, 77], [12, 4, 7], [12, 4, 400], [20, 4, 9]);

# The colour mode's fields, each as it is not drawn on; then a map and modules that are refused.
vary('multiboot2', 'colour', multiboot2(colour_mode(1, 16, 0), $basic),
  [24, 4, 4097], [28, 4, 0], [32, 4, 0], [28, 4, 2000], [36, 1, 24], [40, 1, 8], [41, 1, 6], [42, 1, 9], [43, 1, 6], [44, 1, 9],
  [45, 1, 6], [16, 8, -4096], [16, 8, 0xffffffffff000]);
seed('multiboot2', 'no-memory', multiboot2(tag(4, u32(640, 0))));
seed('multiboot2', 'module-wraps', multiboot2(tag(3, u32(0x300000, 0x200000))));
seed('multiboot2', 'module-cut', multiboot2(tag(3, u32(0x300000))));
seed('multiboot2', 'basic-cut', multiboot2(tag(4, u32(640))));
seed('multiboot2', 'map-cut', multiboot2(tag(6, u32(24))));
seed('multiboot2', 'map-small-entries', multiboot2(map_tag(20, substr(e820(), 0, 24))));
seed('multiboot2', 'colour-cut', multiboot2(tag(8, u32(100)), tag(8, '')));
seed('multiboot2', 'rsdp-order', multiboot2($rsdp_2, $rsdp_1));

# ---- PVH ----

sub pvh
{
  my ($version, $modules, $entries) = @_;
  return u32(0x336ec578, $version, 0, $modules) . u64(0x1040, 0x1060, 0xf59d0, 0x1080) . u32($entries, 0) . zeros(8) .
    u64(0x300000, 0x12345, 0, 0) . sized(32, 'ktest=arch') . e820();
}
seed('pvh', 'qemu', pvh(1, 1, 9));
seed('pvh', 'no-module', pvh(1, 0, 9));
seed('pvh', 'version-0', pvh(0, 0, 0));
seed('pvh', 'no-map', pvh(1, 1, 0));
vary('pvh', 'field', pvh(1, 1, 9),
  [0, 4, 0], [8, 4, 1], [12, 4, 0], [16, 8, 0], [16, 8, -8], [24, 8, 0], [24, 8, 0x100000], [32, 8, -1], [40, 8, -1], [48, 4, 99],
  [48, 4, -1], [64, 8, -1], [72, 8, 0], [72, 8, -1]);

# ---- VBI1: the BIOS and UEFI loaders ----

sub vbi
{
  my ($pixels, $entries, $cmdline_size, $initrd, $map) = @_;
  return u32(0x31494256, 104 + 24 * $entries + 14) . u64($initrd, 0x12345, 0xf59d0, 0xc0000000) . u32(1024, 768, 1040, $pixels) .
    u32(104, $entries, 104 + 24 * $entries, $cmdline_size) . sized(32, 'veridian BIOS loader') . ($map // e820()) . 'loglevel=debug';
}
seed('handoff', 'bios', vbi(2, 9, 14, 0x300000));
seed('handoff', 'uefi', vbi(1, 9, 0, 0));
seed('handoff', 'no-screen', vbi(0, 9, 14, 0x300000));
seed('handoff', 'no-map', vbi(1, 0, 14, 0x300000));
seed('handoff', 'no-initrd', with(vbi(1, 9, 0, 0), 16, 8, 0));
seed('handoff', 'many', vbi(2, 257, 14, 0, ranges(257)));
seed('handoff', 'many-screen', vbi(2, 256, 14, 0, ranges(256)));
seed('handoff', 'screen-wraps', with(with(vbi(2, 9, 14, 0), 44, 4, -1), 48, 4, -1));
vary('handoff', 'field', vbi(2, 9, 14, 0x300000),
  [0, 4, 0], [4, 4, 8], [4, 4, -1], [8, 8, -1], [16, 8, 0], [16, 8, -1], [24, 8, -1], [32, 8, -4096], [32, 8, 0xffffffffff000], [32, 8, 0],
  [40, 4, 0],
  [44, 4, 0], [48, 4, 8], [48, 4, -1], [52, 4, 9], [56, 4, -1], [56, 4, 400], [60, 4, 99], [60, 4, -1], [64, 4, -1], [68, 4, -1],
  [68, 4, 2000]);

# ---- memory maps: base, length, kind; what is left over is the RAM disk and says what screen there is ----

sub region { u64($_->[0], $_->[1]) . u8($_->[2]) }
seed('bootinfo', 'map', join '', map { region } [0, 0x9fc00, 1], [0x100000, 0x7f00000, 1], [0x200800, 0x1000, 2],
  [0x300000, 0x300000, 8], [0x300000, 0x200000, 3], [-4096, 0x2000, 1], [0x500000, 0, 1], [0x600000, 0x1000, 99],
  [0x700000, 0x1000, 0], [0x800800, 0x700, 1], [0x900000, -1, 2]);
seed('bootinfo', 'initrd', u64(0x100000, 0x100000) . u8(1) . u64(0x180000, 0x1000));
seed('bootinfo', 'full', join '', map { region } (map { [$_ * 8192, 4096, $_ % 8 + 1] } 0 .. 126), [0, 0x200000, 1]);
# Pieces out of one range, of two kinds in turn: more than the table has room for, even without reserved and bad ones.
sub pieces { my @kinds = @_; join '', map { region } [0, 0x10000000, 1], map { [$_ * 8192, 4096, $kinds[$_ % 2]] } 1 .. 130 }
seed('bootinfo', 'pieces-reserved', pieces(2, 5));
seed('bootinfo', 'pieces', pieces(3, 4));
seed('bootinfo', 'many', join '', map { region } map { [$_ * 8192, 4096, 1] } 1 .. 257);
seed('bootinfo', "left-$_", u64(0x100000, 0x100000) . u8(1) . zeros($_)) for 1 .. 3;
1;
