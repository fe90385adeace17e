-- Names in expressions: what is a column, what is not, and when nobody can tell.
SELECT plan(68);

SELECT results_eq(
    $$ SELECT kind, token FROM lakemover._sql_tokens(E'("a""b" = E''x\\''y'') AND n::numeric(3,1) >= 1.5e3 -- \n') WHERE kind <> 'space' $$,
    $$ VALUES ('punctuation', '('), ('quoted', '"a""b"'), ('operator', '='), ('string', E'E''x\\''y'''), ('punctuation', ')'), ('word', 'AND'),
              ('word', 'n'), ('punctuation', '::'), ('word', 'numeric'), ('punctuation', '('), ('number', '3'), ('punctuation', ','),
              ('number', '1'), ('punctuation', ')'), ('operator', '>='), ('number', '1.5e3'), ('operator', '--') $$,
    'tokens');
SELECT is((SELECT coalesce(string_agg(token, '' ORDER BY token_no), '') FROM lakemover._sql_tokens(s)), s, 'tokens make the text again: ' || s)
  FROM unnest(ARRAY['', ' ', '''it''''s''::text', 'a.b.c(1, ''x'')', '"quoted; $$ -- "', E'line\nbreak \t tab', 'каталог = ''ж''',
                    '((a ->> ''k''::text) @> ''[]''::jsonb)', '''unterminated', '"unterminated']) s;
SELECT is((SELECT string_agg(name, '|' ORDER BY token_no) FROM lakemover._sql_tokens('"A""b" Ab ''c''''d''') WHERE name IS NOT NULL), 'A"b|ab|c''d',
          'names without their quotes');

-- columns c, name, "Odd"" one", year, time, value, text, zone, epoch, lower are all renamed
CREATE TEMP TABLE rename (expression text, expected text, what text);
INSERT INTO rename VALUES
    ('(c > 3)', '("new c" > 3)', 'a column'),
    ('((c)::text = ''c''::text)', '(("new c")::text = ''c''::text)', 'not in a literal'),
    ('("Odd"" one" IS NOT NULL)', '(plain IS NOT NULL)', 'quoted becomes plain'),
    ('lower(c)', 'lower("new c")', 'not the function of that name'),
    ('lower(lower)', 'lower("low er")', 'function and column of one name'),
    ('public.lower(c)', 'public.lower("new c")', 'not a qualified function'),
    ('(x.c > c)', '(x.c > "new c")', 'not a field'),
    ('((addr).c = c)', '((addr).c = "new c")', 'not a field in parentheses'),
    ('(c)::public.c', '("new c")::public.c', 'not a type'),
    ('((c)::c IS NULL)', '(("new c")::c IS NULL)', 'not an unqualified type'),
    ('f(c => c)', 'f(c => "new c")', 'not the name of an argument'),
    ('(c COLLATE "c")', '("new c" COLLATE "c")', 'not a collation'),
    ('(name = ''a''::text)', '(label = ''a''::text)', 'an unreserved keyword that is a column'),
    ('((name)::text ~~ ''n%''::text)', '((label)::text ~~ ''n%''::text)', 'the same in parentheses'),
    ('EXTRACT(year FROM c)', 'EXTRACT(year FROM "new c")', 'not the field of EXTRACT'),
    ('EXTRACT(epoch FROM epoch)', 'EXTRACT(epoch FROM since)', 'field and column of one name'),
    ('(year + 1)', '(jahr + 1)', 'year as a column'),
    ('(c AT TIME ZONE zone)', '("new c" AT TIME ZONE tz)', 'behind AT TIME ZONE'),
    ('(name AT TIME ZONE ''UTC''::text)', '(label AT TIME ZONE ''UTC''::text)', 'before AT TIME ZONE'),
    ('("time" IS NULL)', '(clock IS NULL)', 'a keyword that is printed in quotes'),
    ('(c)::timestamp with time zone', '("new c")::timestamp with time zone', 'not the words of a type'),
    ('(c)::time without time zone', '("new c")::time without time zone', 'not the words of another type'),
    ('((c)::interval day to second > (c)::character varying)', '(("new c")::interval day to second > ("new c")::character varying)', 'not the words of interval and varying'),
    ('(c OPERATOR(public.=) name)', '("new c" OPERATOR(public.=) label)', 'not the operator''s schema'),
    ('CASE WHEN c THEN name ELSE value END', 'CASE WHEN "new c" THEN label ELSE val END', 'between keywords'),
    ('(t.* IS NOT NULL)', '("New t".* IS NOT NULL)', 'a whole row'),
    ('(t.c IS NOT NULL)', '(t.c IS NOT NULL)', 'a field of something else named t'),
    ('nextval(''s."Order seq"''::regclass)', 'nextval(''s2.orders''::regclass)', 'a sequence'),
    ('nextval(''s.other''::regclass)', 'nextval(''s.other''::regclass)', 'another sequence'),
    ('(''s."Order seq"''::text = c)', '(''s."Order seq"''::text = "new c")', 'a text that looks like a sequence'),
    ('USING btree (c text_pattern_ops DESC NULLS LAST, lower(name)) INCLUDE (year) WHERE (value > 0)',
     'USING btree ("new c" text_pattern_ops DESC NULLS LAST, lower(label)) INCLUDE (jahr) WHERE (val > 0)', 'an index'),
    ('USING gist (c gist_trgm_ops (siglen=''12''), name)', 'USING gist ("new c" gist_trgm_ops (siglen=''12''), label)', 'an operator class with options'),
    ('USING btree (name c)', 'USING btree (label c)', 'an operator class named like a column, behind a keyword-like column'),
    ('USING btree ("Odd"" one" c)', 'USING btree (plain c)', 'an operator class named like a column'),
    ('FOREIGN KEY (c, name)', 'FOREIGN KEY ("new c", label)', 'a list'),
    ('CHECK (((c = ANY (ARRAY[1, 2])) AND (text IS NOT NULL)))', 'CHECK ((("new c" = ANY (ARRAY[1, 2])) AND (body IS NOT NULL)))', 'a check'),
    ('EXCLUDE USING gist (c WITH =, name WITH &&) WHERE ((year > 0))', 'EXCLUDE USING gist ("new c" WITH =, label WITH &&) WHERE ((jahr > 0))', 'an exclusion'),
    ('(name IS NFC NORMALIZED)', '(label IS NFC NORMALIZED)', 'not a keyword elsewhere');
SELECT is(r.sql, e.expected, e.what)
  FROM rename e,
       lakemover._rename_in_expression(e.expression,
           '{"c": "new c", "name": "label", "Odd\" one": "plain", "year": "jahr", "time": "clock", "value": "val", "text": "body",
             "zone": "tz", "epoch": "since", "lower": "low er", "day": "tag", "second": "sek", "varying": "v"}',
           '{"[\"s\", \"Order seq\"]": "s2.orders"}', 't', 'New t') r
 WHERE e.what <> 'an operator class named like a column, behind a keyword-like column';

-- Where a bare keyword could be either, the answer is no answer.
SELECT is((SELECT r.sql FROM lakemover._rename_in_expression(e, '{"name": "label", "nfc": "x", "c": "d", "document": "doc"}') r), NULL, 'refused: ' || e)
  FROM unnest(ARRAY['XMLELEMENT(NAME name, c)', 'NORMALIZE(t, nfc)', 'XMLPARSE(DOCUMENT c)', 'USING btree (name c)']) e;
SELECT ok((SELECT r.problem FROM lakemover._rename_in_expression('XMLELEMENT(NAME name)', '{"name": "label"}') r)
          LIKE '%name%', 'the refusal names the column');
SELECT is((SELECT r.sql FROM lakemover._rename_in_expression('XMLELEMENT(NAME name, other)', '{"c": "d"}') r), 'XMLELEMENT(NAME name, other)',
          'nothing is refused that is not concerned');
SELECT is((SELECT r.sql FROM lakemover._rename_in_expression(NULL, '{"c": "d"}') r), NULL, 'no expression');

SELECT is(lakemover._canonical_type(t), c, 'canonical type of ' || t)
  FROM (VALUES ('varchar(20)', 'character varying(20)'), ('decimal(10)', 'numeric(10,0)'), ('timestamptz(3)', 'timestamp(3) with time zone'),
               ('int[]', 'integer[]')) v(t, c);
SELECT is(lakemover._canonical_type(t), NULL, 'not one built-in type: ' || t)
  FROM unnest(ARRAY['text; DROP TABLE x', 'int) AS y', 'nosuch', 'lakemover.plan', 'any', '']) t;

SELECT is(octet_length(lakemover._name_with_hash(repeat('ж', 40), 'a')), 63, 'a hashed name is cut at a character');
SELECT isnt(lakemover._name_with_hash('x', 'a'), lakemover._name_with_hash('x', 'b'), 'the suffix depends on the seed');
SELECT * FROM finish();
