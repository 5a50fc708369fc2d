# Firmware for the UEFI loader (fuzz/fuzz_uefi.c), with a kernel (elf.pl knows how) or a command line on its volume.

# TYPE, ADDRESS, PAGES. All types there are, neighbours, out of order; empty, and longer than memory.
sub descriptor { u32($_->[0]) . u64($_->[1], $_->[2]) }
my @memory = ([8, 0x900000, 1], [4, 0x300000, 1], [3, 0x302000, 1], [7, 0x301000, 1], [7, 0x100000, 16], [1, 0x200000, 1], [2, 0x201000, 1],
  [9, 0x700000, 1], [10, 0x800000, 1], [5, 0xa00000, 1], [6, 0xa01000, 1], [0, 0xa02000, 1], [99, 0xa03000, 1], [7, 0xb00000, 0],
  [7, 0xc00000, 0x10000000000000]);

# VERSION, WIDTH, HEIGHT, FORMAT, RED, GREEN, BLUE, LINE; 1 is a version that cannot be queried.
sub mode { u32(@{$_}[0 .. 6], 0, $_->[7]) }
my @rgb = (0xff, 0xff00, 0xff0000);
my @bgr = reverse @rgb;
my @modes = ([0, 800, 600, 1, 0, 0, 0, 832], [0, 1024, 768, 2, @rgb, 1024], [0, 1600, 1200, 3, 0, 0, 0, 0], [0, 1280, 1024, 2, @bgr, 1280],
  [1, 1280, 800, 0, 0, 0, 0, 1280], [0, 640, 480, 0, 0, 0, 0, 640], [0, 1400, 1050, 2, 0xf800, 0x7e0, 0x1f, 1400],
  [0, 1500, 1050, 2, 0xff, 0xff00, 0, 1500]);

# WIDTH, HEIGHT: the display's own; without them it has none.
sub edid
{
  my ($width, $height) = @_ or return zeros(54) . zeros(74);
  return zeros(54) . u8(1, 0, $width & 255, 0, $width >> 8 << 4, $height & 255, 0, $height >> 8 << 4) . zeros(66);
}
sub screen { my ($fixed, $edid, @modes) = @_; u8(scalar @modes, 0, $fixed, length $edid) . join('', map { mode } @modes) . $edid }

sub firmware
{
  my %has = (late => 0, entry => 48, late_entry => 48, stale => 0, error => 0, read => 255, files => 2, memory => \@memory, file => '', @_);
  return u8(@{$has{memory}} - $has{late}, @has{qw(late entry late_entry stale error)}, defined $has{screen} ? 1 : 0, @has{qw(read files)}) .
    ($has{screen} // '') . join('', map { descriptor } @{$has{memory}}) . $has{file};
}

seed('uefi', 'memory', firmware());
seed('uefi', 'none', firmware(memory => []));
seed('uefi', "stale-$_", firmware(stale => $_)) for 1, 7, 8;
seed('uefi', 'error', firmware(error => 1));
seed('uefi', 'late', firmware(late => 8));
seed('uefi', 'outgrown', firmware(late => 70, memory => [map { [7, $_ * 8192, 1] } 1 .. 71]));
seed('uefi', "entry-$_->[0]-$_->[1]", firmware(entry => $_->[0], late_entry => $_->[1])) for [40, 40], [39, 40], [0, 40], [40, 39], [40, 0];
seed('uefi', 'far', firmware(memory => [map { [$_, 0x10000000000000, 1], [$_, 0xffffffffff000, 2] } 1, 7]));
seed('uefi', 'wraps', firmware(memory => [[7, 0xf0000, 64], [8, 0x100000, 1], [8, 0x101000, 0xfffffffffffff]]));

seed('uefi', 'screen', firmware(screen => screen(0, '', @modes)));

seed('uefi', "screen-own-$_->[0]x$_->[1]", firmware(screen => screen(0, edid(@$_), @modes)))
  for [1280, 1024], [1024, 768], [1280, 800], [1400, 1050], [1920, 1080], [0, 600], [800, 0], [800, 600], [1600, 1200];
seed('uefi', 'screen-unknown', firmware(screen => screen(0, edid(), @modes)));
seed('uefi', 'screen-own-hidden', with(firmware(screen => screen(0, edid(1600, 1200), @modes)), 10, 1, 2));
seed('uefi', 'screen-slow', firmware(screen => screen(0, with(edid(1024, 768), 54, 2, 256), @modes)));
seed('uefi', 'screen-edid-cut', firmware(screen => screen(0, zeros(127), @modes)));
seed('uefi', 'screen-fixed', firmware(screen => screen(1, edid(1024, 768), @modes)));
seed('uefi', 'screen-no-modes', firmware(screen => screen(0, '')));
vary('uefi', 'screen', firmware(screen => screen(0, '', @modes)),
  [10, 1, 2], [10, 1, 6], [10, 1, 7], [17, 4, 0], [21, 4, 0], [25, 4, 9], [45, 4, 1]);
vary('uefi', 'screen-mask', firmware(screen => screen(0, '', $modes[1])), [29, 4, 1], [29, 4, 0xff0000], [33, 4, 1], [37, 4, 1]);

# The kernel: a segment with more memory than bytes, its note, and one that is not looked at.
my $note = note(0x31494256, "Veridian\0", u64(-0x80000000 + 0x100040));
my $notes = note(1, "GNU\0", zeros(8)) . $note;
my $kernel = ehdr(2, 3) . phdr(1, 5, 0, 0x100000, 232, 0x1800, 0x1000) . phdr(4, 4, 232, 0, (length $notes) x 2, 4) .
  phdr(0x6474e551, 6, 0, 0, 0, 0, 16) . $notes;

sub kernel { firmware(memory => [], file => $_[0], @_[1 .. $#_]) }
seed('uefi', 'kernel', kernel($kernel));
seed('uefi', "kernel-read-$_", kernel($kernel, read => $_)) for 0, 1, 100;
seed('uefi', 'kernel-no-note', kernel(ehdr(2, 1) . phdr(1, 5, 0, 0x100000, 120, 0x1800, 0x1000)));
seed('uefi', 'kernel-whole', kernel(ehdr(2, 2) . phdr(1, 5, 0, 0x100000, (176 + length $notes) x 2, 0x1000) .
  phdr(4, 4, 176, 0, (length $notes) x 2, 4) . $notes));
seed('uefi', 'kernel-empty', kernel(ehdr(2, 1) . phdr(1, 5, 0, 0x100000, 0, 0, 0x1000)));
seed('uefi', "kernel-files-$_", kernel($kernel, files => $_)) for 0, 1;
seed('uefi', 'kernel-cut', kernel(substr $kernel, 0, 63));
seed('uefi', 'kernel-note-cut', kernel(substr($kernel, 0, 232) . sized(length $notes, u32(9, 800, 1))));
seed('uefi', "kernel-two-$_", kernel(ehdr(2, 3) . phdr(1, 5, 0, $_, 232, 0x1000, 0x1000) . phdr(1, 6, 0, 0x101000, 16, 0x20, 0x1000) .
  phdr(4, 4, 232, 0, (length $note) x 2, 4) . $note)) for 0x100000, 0x102000, 0x100f00;
vary('uefi', 'kernel', kernel($kernel), map { [9 + $_->[0], @{$_}[1, 2]] }
  [0, 1, 0], [18, 2, 3], [54, 2, 1], [32, 8, -8], [56, 2, 99], [72, 8, 0x10000], [88, 8, 0x1000], [88, 8, 0x100800], [88, 8, -4096],
  [88, 8, 0xfffff000], [96, 8, 0x2000], [96, 8, 0x1000], [104, 8, 0], [104, 8, -1], [128, 8, 0x10000], [152, 8, 0x10000],
  [256, 4, 8], [260, 4, 4], [264, 4, 7], [268, 1, 0], [280, 8, 0], [280, 8, -1]);

seed('uefi', 'cmdline', firmware(file => "ktest=arch\tloglevel=debug\r\n"));
seed('uefi', 'cmdline-long', firmware(file => 'x' x 1024));
seed('uefi', 'cmdline-longest', firmware(file => 'x' x 1023));
vary('uefi', 'cmdline', kernel('text'), [9, 1, 0], [10, 1, 127], [11, 1, -1], [11, 1, 11]);
1;
