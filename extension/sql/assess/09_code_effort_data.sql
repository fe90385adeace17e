INSERT INTO lakemover.code_effort (class, ordinal, hours, hours_per_point, what) VALUES
('equivalent', 1, 0.1, 0, 'run its tests on the target'),
('unverified', 2, 0.25, 0, 'check it beside its tables, then run its tests'),
('review', 3, 0.5, 0.05, 'read each doubt, decide, run its tests'),
('manual', 4, 2, 0.2, 'write what has no rule, then as review'),
('absent', 5, 0.25, 0, 'find out whether what it uses is still needed');
