# Sequences of calls: fuzz_program.c says what a record is.

# NAME, the input's first bytes, then CALL, BYTE... of each record, padded.
sub calls { my ($name, $first, @calls) = @_; seed('program', $name, u16($first) . join '', map { sized(14, u8(@$_)) } @calls) }

calls('child', 1, [6, 0, 0], [7, 0, 0, 0, 0], [4, 0, 0]);
calls('kill', 2, [6, 0, 0], [6, 0, 0], [5], [8, 0, 0, 0, 9], [9, 0, 3, 0, 1], [7, 255, 1]);
calls('pipe', 3, [25, 0, 4], [2, 128, 3, 0, 0, 0, 8], [1, 128, 4, 0, 0, 0, 8], [6, 0, 0], [24, 128, 3, 0, 1]);
calls('memory', 4, [11, 1, 0, 4, 2, 0, 3, 0, 34, 255, 1, 0, 0], [254, 0, 0, 2], [13, 0, 0, 4, 1, 0, 1], [12, 0, 0, 4, 1]);
calls('file', 5, [3, 0, 1, 128, 4], [1, 0, 0, 0, 0, 0, 99], [19, 0, 0], [2, 0, 0, 0, 9, 0, 99], [21, 0, 1]);
calls('directory', 6, [20, 0, 3], [22, 0, 3], [23, 0, 0, 0, 64], [3, 0, 5], [18, 0, 0, 0, 0, 0, 200]);
calls('other', 7, [255, 5], [15, 4, 9], [14, 0, 1, 0, 0], [26, 128, 0, 0, 1]);
1;
