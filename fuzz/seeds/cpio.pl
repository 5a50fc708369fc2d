# Archives in cpio's "newc" format.

# NAME, MODE, DATA, then fields by name that are not what they should be.
sub newc
{
  my ($name, $mode, $data, %other) = @_;
  my %field = (magic => '070701', ino => 1, nlink => 1, dev => 0, size => length $data, name_size => 1 + length $name, check => 0,
    format => '%08X', %other);
  my $header = $field{magic} . join '', map { sprintf $field{format}, $_ } $field{ino}, $mode, 0, 0, $field{nlink}, 0, $field{size},
    0, $field{dev}, 0, 0, $field{name_size}, $field{check};
  return aligned(4, aligned(4, "$header$name\0") . $data);
}
sub file_entry { newc($_[0], 0100644, @_[1 .. $#_]) }
sub directory { newc($_[0], 0040755, '') }
my $trailer = newc('TRAILER!!!', 0, '');
sub archive { my ($name, @entries) = @_; seed('cpio', $name, join('', @entries) . $trailer) }

seed('cpio', 'archive-cut', substr file($archive), 0, 20000);
archive('lower-case', file_entry('f', 'x' x 171, format => '%08x', ino => 0xabcdef));
archive("digit-$_", file_entry('f', '', format => "%07x$_")) for qw(! : G g);
archive('magic', file_entry('f', '', magic => '070707'));
archive('no-name', file_entry('', '', name_size => 0));
archive('name-length', file_entry('ab', '', name_size => 2));
archive('name-null', file_entry("a\0b", ''));
archive('name-cut', file_entry('a', '', name_size => 9999));
archive('data-cut', file_entry('a', 'b', size => 9999));
archive('checked', map { file_entry($_, 'abc', magic => '070702', check => 294, nlink => 2, ino => 3) } 'a', 'b');
archive('checked-badly', file_entry('a', 'abc', magic => '070702', check => 295));
archive('kinds', newc('a', 0120777, 'b'), newc('c', 0020666, ''), directory('d'), directory('.'));
archive('links', map { file_entry(@$_, ino => 7, nlink => 3) } ['a', ''], ['d/b', 'data'], ['c', '']);
archive('links-two', file_entry('a', '1', ino => 1, nlink => 2), file_entry('b', '2', ino => 2, nlink => 2), file_entry('c', '3', ino => 1,
  dev => 1, nlink => 2), file_entry('d', '', ino => 1, nlink => 2));
archive('again', file_entry('a', '1'), directory('a'), directory('a'), file_entry('a', '2'), file_entry('a', '3'));
archive('file-over-entries', file_entry('a/b', ''), file_entry('a', ''));
archive('file-as-directory', file_entry('a', ''), file_entry('a/b', ''));
archive('nameless', file_entry('.', ''));
archive('parents', file_entry('/a//./b/c/', '1'), directory('a/b/../d'));
archive('name-long', directory('a' x 256));
archive('component-long', directory('a/' . 'b' x 256));

# With the number of the allocation that fails behind them.
my $several = join '', file_entry('a/b', 'abc', nlink => 2), file_entry('c', '', nlink => 2), file_entry('d', ''), $trailer;
seed('cpio', "fails-$_", $several . u8($_)) for 1 .. 24;
1;
