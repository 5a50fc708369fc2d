# Small languages, a screen's and a keyboard's bytes, the clock's registers.

seed('path', 'relative', "/home/user\0../.././tmp//x/");
seed('path', 'absolute', "/\0/a/b/../c/./");
seed('path', 'bad-directory', "tmp\0x");
seed('path', 'long-name', "/\0" . '0' x 256);
seed('path', 'long', "/\0" . ('/' . '0' x 200) x 8);
seed('path', 'long-directory', '/0' x 509 . "\0" . 'a' x 9);
seed('path', 'full', "/\0" . '/0' x 511 . '/');
seed('path', 'cut', "/\0" . '/0' x 511 . '0');
seed('path', 'dots', "/\0../..a/.a/a./.../..");
seed('path', 'empty', "/a\0");

my $number = 0;
seed('inject', 'plan', "alloc:7+ # comment\n\ncopy:3;flush:1\nclock:5+50,-3ms\r\n");
seed('inject', 'kinds', "irq:1\n irq:2,15;late:1,5us\nsend:9;send:9+,1s;receive:1,2\nhangup:40");
seed('inject', "refused-@{[++$number]}", $_)
  for 'alloc:0', 'alloc:18446744073709551616', 'alloc:18446744073709551620', 'alloc:1+0', 'alloc:1+x', 'alloc:1,1', 'irq:1,16', 'irq:1,x',
  'late:1,9223372036854775807s', 'late:1,10000d', 'late:1,400000000s', 'nothing:1', 'alloc', "alloc:1 \t x", ",\t";

seed('cmdline', 'plain', "loglevel\nquiet loglevel=debug ktest=arch");
seed('cmdline', 'quotes', "a b\n \"a b\"=\"c d\" e=\"");
seed('cmdline', 'no-value', "x\nxx=1 x y=2");
seed('cmdline', 'long', "x\nx=" . '0123456789' x 7);

seed('line', 'editing', "ab\tc\b\177\303\244\b\342\202\254 d  \027\027\001\033\b\r\200\200\b\bab\025\025\027\b\004x\004y\na\tb\t\027\027last");
seed('line', 'full', 'x' x 1023 . "\b" . 'yz' . 'a' x 100);

seed('term', 'sequences', "\e[2J\e[1;31mred\e[0m\e[5;70Htext that goes on past the edge\r\n\t\b\e[K\e[?25l\e[3A\e[200B\e[9C\e[9D");
seed('term', 'foreign', "\e[97;105m\342\202\254\360\237\230\200\303x\377\e[1;2;3;4;5;6;7;8;9;10m\e[39;49m\ex\e[99999999999H");
seed('term', 'scroll', join '', map { "$_\n" } 0 .. 239);
seed('term', 'erase', "ab\e[1Jc\e[1K\e[J\e[0J\e[3J\e[3K\e[2K\e[K\177\e[3;4f\e[42;43m\e[99;108;48;38;29m\e[1 q\e[=9z\e[>1c");
seed('term', 'ctrl', "\035\071\002\036\340\035\340\070\071\036\340\266\370\052\340\065\340\034\112\116\045\032\000\105\112\116\114" .
  "\340\114\340\023\052\114\105\117\114");
seed('term', 'keys', "\036\236\052\036\252\035\056\235\340\110\340\310\341\035\105\341\235\305\072\072\105\107\070\036\340\123\340\065");

# A base, less one; a number, or a format.
my $text = 0;
seed('numbers', 'number-' . $text++, u8($_->[0]) . $_->[1])
  for [0, '0x1fG'], [0, '0X'], [0, " \t-017 8"], [0, '+12'], [0, '0'], [0, ''], [0, '-'], [15, '0xAbz'], [15, '0x'], [1, '0102'], [35, 'zZ{'],
  [9, '9223372036854775807'], [9, '9223372036854775808'], [9, '-9223372036854775808'], [9, '-9223372036854775809'],
  [9, '18446744073709551615'], [9, '18446744073709551616'], [9, '184467440737095516150'], [9, "\xb2"];
seed('numbers', 'format-' . $text++, "\0$_")
  for '%d%5i%-5u|', '%05x%#o%+d% d', '%.3d%.0d%.d%*d', '%-*.*s|%s%.2s', '%hhd%hd%ld%lld', '%zu%ju%td%hhu', '%hu%lu%X%#x', '%c%5c%-5c%%',
  '%p%5%%k%', '%#.0o%020d%-020d', '%20s%-20s%.*d%', '%99999d', '%' x 9, '%#5X%5p%-5p%hhx', '%i%ll', '%05d%-05d%05.2d%02d', '%#x%#X%#o%#.99o', '%s%9s%.2s';

# Letters, then arguments, a line each.
my $command = 0;
seed('getopt', 'command-' . $command++, join "\n", @$_)
  for ['la', '-l', '-a', 'file'], ['lan:', '-lan5', '-n', '7', '-', '-l'], ['n:', '-n'], ['a', '-ab', '-:', '--', '-a'], ['a', '-a-', '---', 'x'],
  ['ab:a:', '-ab', '', '--', ''], ['a', ''], [''];

# The simulator's arguments, a line each.
my @machine = qw(--mem=16M --append=a --log-level=debug --fault=alloc:1 --fault=copy:2 --clock=virtual --seed=0x7 --check-tlb
  --debugcon=d --screen=80x25 --screendump=p --switch=asm --trap=seccomp --initrd=i --fault-plan=f --preempt=5 --record=r);
sub options { my $name = shift; seed('options', $name, join "\n", @_) }
options('all', @machine);
options('points', '--preempt-at', '1,20,300', '--clock=virtual', '--trap=sud', '--switch=ucontext');
options('replay', '--replay=r', '--initrd', 'i');
options('help', '--help', '--nonsense');
options('version', '--append=' . 'x' x 1024, '--version');
options('long', '--append=' . 'x' x 1024, '--log-level=warn');
options('faults', '--fault=' . 'x' x 1024, '--fault=x');
options('replay-' . substr($_, 2, 5), '--replay=r', $_) for @machine;
options("refused-@{[++$number]}", split ' ')
  for '--nonsense', '--s=1', '--mem', '--help=1', '-x', "-\xff", 'file', '-- --seed', '--fault=', '--mem=x', '--mem=1T', '--mem=4Mx', '--mem=1',
  '--mem=65g', '--mem=9k', '--mem=-4M', '--mem=99999999999999G', '--mem=99999999999999999999', '--seed=7x', '--seed=x', '--seed=', '--screen=80', '--screen=8x80',
  '--screen=80x8', '--screen=99999x80', '--screen=80x99999', '--screen=80x25x', '--preempt=0', '--preempt=x', '--preempt-at=2,1', '--preempt-at=1,x',
  '--preempt-at=1x', '--preempt-at=99999999999999999999', '--clock=x', '--switch=x', '--trap=x', '--log-level=x', '--screendump=p',
  '--record=r --preempt-at=1', '--preempt=1 --clock=real', '--preempt-at=1 --clock=real';

# Second, minute, hour, day, month, year, century, status: BCD, numbers; the hours of a day, and of its half.
my $bcd = u8(0x59, 0x30, 0x23, 0x29, 0x02, 0x24, 0x20, 2);
seed('calendar', 'bcd', $bcd);
seed('calendar', 'binary', u8(59, 30, 0x8b, 31, 12, 99, 19, 4));
seed('calendar', 'midnight', u8(0, 0, 0x12, 1, 1, 0x70, 0x19, 0));
seed('calendar', 'no-date', u8(0, 0, 0, 0x29, 2, 0, 0x21, 2));
vary('calendar', 'field', $bcd, map { [$_->[0], 1, $_->[1]] }
  [0, 0x60], [0, 0x0a], [0, 0xa0], [1, 0x60], [2, 0x24], [3, 0], [3, 0x30], [4, 0], [4, 0x13], [5, 0x9a], [5, 0x23], [6, 0x19],
  [6, 0x22], [6, 0x23], [7, 0], [7, 6]);
seed('calendar', "hour-$_", u8(0, 0, $_, 1, 1, 0x24, 0x20, 0)) for 0, 0x12, 0x13, 0x92, 0x93;
seed('calendar', 'year-100', u8(0, 0, 0, 1, 1, 100, 20, 6));
seed('calendar', 'leap', u8(0, 0, 0, 29, 2, 0, 20, 6));
1;
