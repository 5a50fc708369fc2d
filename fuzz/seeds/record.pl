# Record files of the simulator: the head (without its hash), then entries.

sub head
{
  my ($memory, $clock, $cmdline) = @_;
  return "veridian rec 1\n\0" . u64($memory, 7, 0, $clock, 640, 400, 1000, 0, 0) . sized(1024, $cmdline // 'ktest');
}
sub unhashed { head(@_) . zeros(8) }
# KIND, POINTS, VALUE, what follows it.
sub entry_of { my ($kind, $points, $value, $text) = @_; u8($kind, $points, $value) . ($text // '') . u16(0) }

my $real = unhashed(0x1000000, 0) . entry_of(1, 1, 5) . entry_of(4, 2, 3, 'abc') . entry_of(2, 0, 0) . u8(1, 0x81, 1, 0xff, 0x7f, 0, 0) .
  entry_of(6, 1, 8, '12345678') . entry_of(7, 1, 9, 'abcdefgh') . entry_of(3, 0, 0) . entry_of(5, 0, 0) . entry_of(8, 3, 1) .
  entry_of(9, 0, 1);
seed('record', 'real', $real);
my $virtual = unhashed(0x4000000, 1);
seed('record', 'cut', $virtual . entry_of(4, 2, 65, 'short'));
seed('record', 'kind', $virtual . entry_of(10, 2, 65));
seed('record', 'kind-0', $virtual . entry_of(0, 2, 65));
seed('record', "cut-$_", $virtual . substr entry_of(4, 2, 3, 'abc'), 0, $_) for 1 .. 7;
seed('record', 'check', $virtual . entry_of(2, 1, 1) . u8(2, 1, 1) . u16(7));
seed('record', 'long', $virtual . entry_of(4, 1, 64, 'x' x 64) x 130);
vary('record', 'head', $virtual,
  [0, 1, 0], [16, 8, 0], [16, 8, 4097], [16, 8, 0x1000001], [16, 8, -4096], [40, 8, 2], [48, 8, -1], [56, 8, -1]);
seed('record', 'no-end', unhashed(0x4000000, 1, 'x' x 1024));
seed('record', 'number', $virtual . u8(1) . "\xff" x 11);
seed('record', 'hash', head(0x4000000, 1) . u64(1));
1;
