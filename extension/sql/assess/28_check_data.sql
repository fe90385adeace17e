-- Judges what lakemover._look_at_data() saw. Messages hold no figures that differ from one look to the next of the same rows;
-- those are in the evidence.
CREATE FUNCTION lakemover._check_data(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH seen AS MATERIALIZED (
        SELECT d.*, t.schema_name, t.table_name, coalesce(k.name, x.name) AS object_name,
               format('%I.%I', t.schema_name, t.table_name) AS shown,
               format('%I.%I.%I', t.schema_name, t.table_name, coalesce(d.column_name, '')) AS shown_column,
               CASE WHEN d.complete THEN 'all rows looked at' ELSE 'seen in a sample' END AS extent,
               coalesce(p.exclude, false) OR coalesce(pc.exclude, false) OR pc.transform IS NOT NULL
               -- rows are found by such a key even where the target does not have it
               OR d.check_id <> 'data_key_equal' AND (coalesce(pk.exclude, false) OR coalesce(px.exclude, false)) AS resolved,
               pc.on_nul, pc.on_surrogate, pc.on_seventh_digit,
               format('source = %L AND table_id = %s', p_source, d.table_id) AS place,
               c.codec, EXISTS (SELECT FROM lakemover.inv_column b WHERE b.source = d.source AND b.table_id = d.table_id AND NOT b.binary_ok) AS text_copy,
               jsonb_strip_nulls(jsonb_build_object('rows_looked_at', d.looked, 'all_rows', d.complete, 'hits', NULLIF(d.hits, 0),
                                                    'largest', d.largest, 'example', d.example, 'error', d.error,
                                                    'object', coalesce(k.name, x.name), 'seconds', round(d.seconds::numeric, 3))) AS evidence
          FROM lakemover.data_probe d
          JOIN lakemover.inv_table t ON t.source = d.source AND t.table_id = d.table_id
          LEFT JOIN lakemover.inv_column c ON c.source = d.source AND c.table_id = d.table_id AND c.column_name = d.column_name
          LEFT JOIN lakemover.inv_constraint k ON k.source = d.source AND k.constraint_id = d.object_id
          LEFT JOIN lakemover.inv_index x ON x.source = d.source AND x.index_id = d.object_id AND k.name IS NULL
          LEFT JOIN lakemover.plan_table p ON p.source = d.source AND p.table_id = d.table_id
          LEFT JOIN lakemover.plan_column pc ON pc.source = d.source AND pc.table_id = d.table_id AND pc.ordinal = c.ordinal
          LEFT JOIN lakemover.plan_constraint pk ON pk.source = d.source AND pk.constraint_id = d.object_id
          LEFT JOIN lakemover.plan_index px ON px.source = d.source AND px.index_id = x.index_id
         WHERE d.source = p_source
    ), judged AS (
        SELECT s.*,
               CASE s.check_id
                    -- 1 GB is what one message and one field can hold; the rest of a row needs some of it.
                    WHEN 'data_width' THEN CASE WHEN s.largest >= 1073000000 THEN 'BLOCKER' WHEN s.largest >= 256 * 1024 * 1024 THEN 'WARNING' ELSE 'INFO' END
                    WHEN 'data_range' THEN CASE WHEN EXISTS (SELECT FROM lakemover.target_fact f WHERE f.name = 'server_version_num') THEN 'BLOCKER' ELSE 'WARNING' END
                    WHEN 'data_nul' THEN CASE WHEN s.on_nul = 'fail' THEN 'BLOCKER' ELSE 'INFO' END
                    WHEN 'data_surrogate' THEN CASE WHEN s.on_surrogate = 'fail' THEN 'BLOCKER' ELSE 'INFO' END
                    WHEN 'data_precision' THEN CASE WHEN s.on_seventh_digit = 'fail' THEN 'BLOCKER' ELSE 'INFO' END
               END AS severity
          FROM seen s
         WHERE s.item >= 0 AND CASE WHEN s.check_id = 'data_width' THEN s.largest >= 16 * 1024 * 1024 ELSE s.hits > 0 END
    )
    SELECT j.check_id, CASE WHEN j.resolved THEN 'INFO' ELSE j.severity END, j.schema_name, j.table_name, j.column_name,
           CASE j.check_id
                WHEN 'data_width' THEN CASE WHEN j.column_name IS NULL THEN format('table %s: its widest row has %s', j.shown, pg_size_pretty(j.largest))
                                            ELSE format('column %s: its largest value has %s', j.shown_column, pg_size_pretty(j.largest)) END
                     || CASE WHEN j.severity = 'BLOCKER' THEN CASE WHEN j.text_copy THEN ' as text, more than a copy can carry' ELSE ', more than a copy can carry' END
                             ELSE '; each worker holds such a row in memory' END
                WHEN 'data_range' THEN format('column %s: intervals that are infinite, which the target has from version 17 on', j.shown_column)
                WHEN 'data_encoding' THEN format('column %s: text that is no UTF-8', j.shown_column)
                WHEN 'data_key_match' THEN format('table %s: foreign key %I has keys that equal their parent''s only by case, accents or trailing blanks', j.shown, j.object_name)
                WHEN 'data_key_equal' THEN format('table %s: unique keys of %I become equal on the target', j.shown, j.object_name)
                WHEN 'data_orphan' THEN format('table %s: foreign key %I has rows without their parent', j.shown, j.object_name)
                WHEN 'data_duplicate' THEN format('table %s: values occur more than once under the unique index %I', j.shown, j.object_name)
                WHEN 'data_nul' THEN format('column %s: text with U+0000: %s', j.shown_column,
                                            CASE WHEN j.on_nul = 'fail' THEN 'the plan lets the table fail' ELSE 'it is taken out' END)
                WHEN 'data_surrogate' THEN format('column %s: text with half surrogate pairs: %s', j.shown_column,
                                                  CASE WHEN j.on_surrogate = 'fail' THEN 'the plan lets the table fail' ELSE 'they become U+FFFD' END)
                WHEN 'data_precision' THEN format('column %s: seconds with a seventh digit: %s', j.shown_column,
                                                  CASE j.on_seventh_digit WHEN 'fail' THEN 'the plan lets the table fail' WHEN 'round' THEN 'they are rounded'
                                                                          ELSE 'it is cut off' END)
                WHEN 'data_key_case' THEN format('table %s: unique keys of %I differ only by case', j.shown, j.object_name)
                WHEN 'data_padding' THEN format('column %s: values that end in blanks', j.shown_column) END
           || CASE WHEN j.resolved THEN '; resolved by the plan' ELSE format(' (%s)', j.extent) END,
           j.evidence,
           CASE WHEN j.resolved THEN NULL
                WHEN j.check_id IN ('data_key_match', 'data_orphan') THEN format('UPDATE lakemover.plan_constraint SET exclude = true WHERE source = %L AND constraint_id = %s;', p_source, j.object_id)
                WHEN j.check_id = 'data_key_equal' THEN format('UPDATE lakemover.plan_table SET exclude = true WHERE %s;', j.place)
                WHEN j.check_id IN ('data_range', 'data_width') AND j.severity = 'BLOCKER' AND j.column_name IS NOT NULL
                     THEN format('UPDATE lakemover.plan_column SET exclude = true WHERE %s AND source_column = %L;', j.place, j.column_name)
                WHEN j.check_id = 'data_nul' AND j.severity = 'BLOCKER' THEN format('UPDATE lakemover.plan_column SET on_nul = ''strip'' WHERE %s AND source_column = %L;', j.place, j.column_name)
                WHEN j.check_id = 'data_surrogate' AND j.severity = 'BLOCKER' THEN format('UPDATE lakemover.plan_column SET on_surrogate = ''replace'' WHERE %s AND source_column = %L;', j.place, j.column_name)
                WHEN j.check_id = 'data_precision' AND j.severity = 'BLOCKER' THEN format('UPDATE lakemover.plan_column SET on_seventh_digit = ''truncate'' WHERE %s AND source_column = %L;', j.place, j.column_name)
           END
      FROM judged j
    UNION ALL
    SELECT 'data_not_looked', NULL, s.schema_name, s.table_name, NULL, format('table %s: no answer to a look at its rows', s.shown), s.evidence, NULL
      FROM seen s WHERE s.item < 0
    UNION ALL
    SELECT 'data_not_looked', NULL, NULL, NULL, NULL, format('the time for looks at rows was over before %s of %s', d.looks - d.looks_done, d.looks),
           jsonb_build_object('looks', d.looks, 'done', d.looks_done, 'budget_seconds', d.budget), NULL
      FROM lakemover.data_look d WHERE d.source = p_source AND d.looks_done < d.looks
$$;
COMMENT ON FUNCTION lakemover._check_data(name) IS 'checks of rows, from what was seen of them';
