# ACPI tables.

# Bytes with the one at `offset` such that all add up to zero.
sub summed { my ($offset, $bytes) = @_; with($bytes, $offset, 1, -unpack '%8C*', with($bytes, $offset, 1, 0)) }

# SIGNATURE, REVISION, BODY.
sub table
{
  my ($signature, $revision, $body) = @_;
  return summed(9, $signature . u32(36 + length $body) . u8($revision, 0) . 'VERIDNTESTTEST' . zeros(12) . $body);
}

# REVISION, addresses of RSDT and XSDT.
sub rsdp
{
  my ($revision, $rsdt, $xsdt) = @_;
  my $first = summed(8, 'RSD PTR ' . u8(0) . 'VERIDN' . u8($revision) . u32($rsdt));
  return summed(32, $first . u32(36) . u64($xsdt) . zeros(4));
}

# A MADT's entry, its length filled in.
sub madt_entry { my ($type, $body) = @_; u8($type, 2 + length $body) . $body }
sub processor { my ($id, $flags) = @_; madt_entry(0, u8($id, $id) . u32($flags)) }
sub io_apic { my ($id, $base) = @_; madt_entry(1, u8($id, 0) . u32(0xfec00000, $base)) }
sub override { my ($bus, $irq, $line, $flags) = @_; madt_entry(2, u8($bus, $irq) . u32($line) . u16($flags)) }
sub nmi { my ($cpu, $flags, $pin) = @_; madt_entry(4, u8($cpu) . u16($flags) . u8($pin)) }
my $madt = u32(0xfee00000, 1) . processor(0, 1) . processor(1, 0) . madt_entry(9, u16(0) . u32(300, 1, 2)) .
  io_apic(2, 0) . override(0, 0, 2, 0) . override(0, 9, 9, 13) . nmi(255, 5, 1) . madt_entry(10, u16(5) . u32(7) . u8(1, 0, 0, 0)) .
  madt_entry(5, zeros(2) . u64(0xfee00000)) . madt_entry(77, u16(0));

# A FADT's body: the DSDT's address, then other fields: [OFFSET in the table, WIDTH, NUMBER].
sub gas { my ($space, $address) = @_; u8($space, 8, 0, 1) . u64($address) }
sub fadt
{
  my ($dsdt, @fields) = @_;
  my $body = zeros(240);
  $body = with($body, $_->[0] - 36, $_->[1], $_->[2])
    for [40, 4, $dsdt], [46, 2, 9], [48, 4, 0xb2], [52, 1, 0xa0], [64, 4, 0x604], [108, 1, 50], [109, 2, 0x23], [112, 4, 0x400],
    [128, 1, 6], [140, 8, $dsdt], @fields;
  substr($body, 116 - 36, 12) = gas(1, 0xcf9);
  return $body;
}
my $dsdt = table('DSDT', 2, "\x08_S5_\x12\x08\x04\x0a\x05\x0a\x05\0\0");
my $hpet = u32(0x8086a201) . u8(0, 64, 0, 0) . u64(0xfed00000) . u8(0, 0, 0, 0);
my $mcfg = zeros(8) . u64(0xe0000000) . u16(0) . u8(0, 255) . zeros(4);

# Tables every 512 bytes behind the RSDP, which is at 0xe0000.
sub acpi
{
  my @places = (0xe0440, 0xe0640, 0xe0840, 0xe0a40, 0xe0c40);
  my @tables = (table('RSDT', 1, u32(@places)), table('XSDT', 1, u64(@places, 0xfffff000)), table('APIC', 5, $madt),
    table('FACP', 6, fadt(0xe0e40)), table('HPET', 1, $hpet), table('MCFG', 1, $mcfg),
    table('SSDT', 2, substr $dsdt, 36), $dsdt);
  return sized(64, rsdp($_[0], 0xe0040, 0xe0240)) . join '', map { sized(512, $_) } @tables;
}
seed('acpi', 'revision-2', acpi(2));
seed('acpi', 'revision-0', acpi(0));

# RSDP, XSDT and the one table that it names, at 0xe0058; what else there is behind it.
sub small { aligned(8, rsdp(2, 0, 0xe0028)) . aligned(8, table('XSDT', 1, u64(0xe0058))) . join '', map { aligned(8, $_) } @_ }
my $small = small(table('FACP', 6, fadt(0xe0170)), $dsdt);
seed('acpi', 'small', $small);
# What is wrong with a table of it, checksums right but for these:
vary('acpi', 'small', $small, [0, 1, 0], [8, 1, 1], [15, 1, 0], [20, 4, 35], [20, 4, 4096], [24, 8, 0], [24, 8, 0x1000], [32, 1, 7],
  [44, 4, 35], [44, 4, 9999], [44, 4, 0x7fffffff], [49, 1, 5], [76, 8, 0], [76, 8, -8], [368, 1, 1]);
seed('acpi', 'rsdp-long', summed(8, with(substr($small, 0, 36), 20, 4, 5000)) . substr $small, 36);

# Roots: with another name, with a table at 0, with more of them than there is room for; tables of odd names.
seed('acpi', 'root-name', aligned(8, rsdp(2, 0, 0xe0028)) . table('RSDT', 1, u64(0xe0058)));
seed('acpi', 'root-zero', aligned(8, rsdp(2, 0, 0xe0028)) . table('XSDT', 1, u64(0, 0xe0028)));
seed('acpi', 'root-long', aligned(8, rsdp(2, 0, 0xe0028)) . table('XSDT', 1, u64((0xe0028) x 70)));
seed('acpi', 'name', small(table("\1A\xff~", 1, '')));
seed('acpi', 'dsdt', small($dsdt));
seed('acpi', 'dsdt-empty', small(table('DSDT', 1, '')));
seed('acpi', 'dsdt-name', small(table('FACP', 6, fadt(0xe0170)), table('SSDT', 2, '')));

sub acpi_of { my ($name, $signature, $body) = @_; seed('acpi', $name, small(table($signature, 1, $body))) }
acpi_of('madt-short', 'APIC', zeros(4));
acpi_of('madt-entry-1', 'APIC', zeros(8) . u8(0, 1));
acpi_of('madt-entry-half', 'APIC', zeros(8) . u8(0));
acpi_of('madt-entry-cut', 'APIC', zeros(8) . u8(0, 9, 0, 0));
acpi_of("madt-short-$_", 'APIC', zeros(8) . u8($_, 4, 0, 0)) for 0, 1, 2, 4, 5, 9, 10;
acpi_of('madt-many-processors', 'APIC', zeros(8) . join '', map { processor($_, 1) } 0 .. 64);
acpi_of('madt-many-apics', 'APIC', zeros(8) . join '', map { io_apic($_, $_) } 0 .. 19);
acpi_of('madt-many-nmis', 'APIC', zeros(8) . join '', map { nmi($_, 5, 1) } 0 .. 39);
acpi_of('madt-values', 'APIC', zeros(8) . override(1, 0, 2, 0) . override(0, 99, 2, 15) . nmi(255, 11, 9) .
  madt_entry(10, u16(5) . u32(7) . u8(9, 0, 0, 0)));
acpi_of('madt-polarity', 'APIC', zeros(8) . override(0, 0, 2, 2));
acpi_of('fadt-short', 'FACP', zeros(8));
acpi_of('fadt-1', 'FACP', zeros(80));
acpi_of('fadt-itself', 'FACP', fadt(0xe0058));
acpi_of('fadt-reduced', 'FACP', fadt(0, [112, 4, 0x100000], [48, 4, 0x10000], [172, 1, 1], [176, 8, 0x604], [184, 1, 0], [188, 8, 0x608]));
acpi_of('fadt-spaces', 'FACP', fadt(0, [112, 4, 0x100000], [172, 1, 7], [176, 8, 0x604]) . gas(0, 0x1000));
acpi_of('hpet-short', 'HPET', zeros(4));
acpi_of('hpet-io', 'HPET', u32(0x8086a201) . u8(1, 64, 0, 0) . u64(0xfed00001) . u8(0, 0, 0, 0));
acpi_of('mcfg-short', 'MCFG', zeros(4));
acpi_of('mcfg-many', 'MCFG',
  zeros(8) . join('', map { u64($_ * 0x10000000) . u16($_) . u8($_ % 3 * 8, 8) . zeros(4) } 0 .. 19) . u64(1));

# What may stand where the sleep type of power off does.
my $number = 0;
acpi_of('aml-' . ++$number, 'SSDT', $_) for
  '_S5_', 'x_S5_', "\\_S5_", 'x\_S5_', "\x08_S5_", "\x08_S5_\x11", "\x08_S5_\x12", "\x08_S5_\x12\1", "\x08_S5_\x12\0", "\x08_S5_\x12\2\0",
  "\x08_S5_\x12\2\1", "\x08_S5_\x12\3\1\x0a", "\x08_S5_\x12\3\2\1", "\x08_S5_\x12\x40", "\x08_S5_\x12\x09\2\x0b\5", "\x08_S5_\x12\3\1\x77",
  "\x08\\_S5_\x12\4\1\x0a\5", "\x08_S5_\x12\x0a\2\x0b\5\0\x0c\5\0\0\0", "\x08_S5_\x12\x0c\2\1\x0e\1\0\0\0\0\0\0\0",
  "\x08_S5_\x12\4\2\1\1", "\x08_S5_\x12\4\2\0\0", "\x08_S5_\x12\6\2\x0a\x09\x0a\5", "\x08_S5_\x12\6\2\x0a\5\x0a\x09",
  "\x08_S5_\x12\x45\0\2\1\1\1", "\x08_S5_\x12\x40\1\2\1\1", "\x08_S5_\x12\x3f\2\1\1", "\x08_S5_\x12\5\2\x0a\5\2";
1;
