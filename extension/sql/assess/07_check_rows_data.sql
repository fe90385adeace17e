-- Checks that look at rows. docs/assessment.md describes them.
INSERT INTO lakemover.check (check_id, ordinal, title, severity, detects, recommendation) VALUES
('data_width', 300, 'Rows Too Wide', 'BLOCKER', 'rows and values that no copy can carry, or only with much memory', 'exclude the column, or move such values otherwise'),
('data_range', 301, 'Values Out of Range', 'BLOCKER', 'values that the target''s type does not have', 'correct the values on the source, exclude the column, or give it a transform'),
('data_encoding', 302, 'Text Out of Encoding', 'BLOCKER', 'text that is no UTF-8, in a source without a declared encoding', 'find out the encoding of the data and convert the database'),
('data_key_match', 303, 'Keys That Match Loosely', 'BLOCKER', 'child keys that equal their parent''s only by case, accents or trailing blanks (SQL Server)', 'write the parent''s spelling into the children on the source, or leave the foreign key out'),
('data_key_equal', 304, 'Keys That Become Equal', 'BLOCKER', 'unique keys that differ only by what the target does not keep (SQL Server)', 'change the keys on the source, or exclude the table'),
('data_orphan', 310, 'Orphans', 'WARNING', 'rows without their parent under foreign keys that are not validated', 'they arrive as they are, and the foreign key stays not validated: correct them, or leave it out'),
('data_duplicate', 311, 'Duplicate Keys', 'WARNING', 'values that occur more than once under unique indexes that are invalid or disabled', 'the index is not created: correct the rows, then create it'),
('data_nul', 320, 'NUL in Text', 'INFO', 'U+0000 in text, which PostgreSQL cannot store (SQL Server)', 'taken out and counted while the rows are read, or a failure: the plan''s on_nul decides'),
('data_surrogate', 321, 'Half Surrogate Pairs', 'INFO', 'halves of surrogate pairs in text, which UTF-8 does not have (SQL Server)', 'replaced by U+FFFD and counted, or a failure: the plan''s on_surrogate decides'),
('data_precision', 322, 'Seventh Digits', 'INFO', 'seconds with a seventh digit, of which PostgreSQL keeps six (SQL Server)', 'cut off or rounded and counted, or a failure: the plan''s on_seventh_digit decides'),
('data_key_case', 323, 'Keys Told Apart by Case', 'INFO', 'unique keys that differ only by case (SQL Server)', 'give their columns no case-insensitive type or collation on the target'),
('data_padding', 324, 'Padded Values', 'INFO', 'char(n) values that end in blanks (SQL Server)', 'kept as char(n); --char-as varchar stores them without the padding'),
('data_not_looked', 330, 'Rows Not Looked At', 'INFO', 'looks at rows that gave no answer, or that there was no time for', 'give them more time: --data-check-seconds, --data-check-rows');
