-- plan() itself updates the same tables; it says so in a setting that ends with its function call.
CREATE FUNCTION lakemover._record_edits() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_new     jsonb;
    v_old     jsonb;
    v_changed text[];
    v_fixed   text;
BEGIN
    IF current_setting('lakemover_plan.writing', true) = 'on' THEN
        RETURN NEW;
    END IF;
    v_new := to_jsonb(NEW);
    v_old := to_jsonb(OLD);
    SELECT array_agg(n.key ORDER BY n.key),
           string_agg(n.key, ', ' ORDER BY n.key) FILTER (WHERE n.key NOT IN (
               'target_schema', 'target_table', 'target_column', 'target_type', 'target_name', 'keep_quoted', 'exclude',
               'row_filter', 'chunking', 'batch_rows', 'copy_format', 'priority', 'transform', 'pass', 'action',
               'on_nul', 'on_surrogate', 'on_seventh_digit'))
      INTO v_changed, v_fixed
      FROM jsonb_each(v_new) n
     WHERE n.value IS DISTINCT FROM v_old -> n.key AND n.key <> 'edited';
    IF v_fixed IS NOT NULL THEN
        RAISE EXCEPTION 'column %.% cannot be edited', TG_TABLE_NAME, v_fixed
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'It says what the source is, and planning again would overwrite it.';
    END IF;
    NEW.edited := ARRAY(SELECT DISTINCT e FROM unnest(NEW.edited || coalesce(v_changed, '{}')) e ORDER BY e);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION lakemover._record_edits() IS 'remembers in edited which columns of a plan row were changed by hand, so that planning again keeps them';

CREATE TRIGGER record_edits BEFORE UPDATE ON lakemover.plan_table
    FOR EACH ROW EXECUTE FUNCTION lakemover._record_edits();
CREATE TRIGGER record_edits BEFORE UPDATE ON lakemover.plan_column
    FOR EACH ROW EXECUTE FUNCTION lakemover._record_edits();
CREATE TRIGGER record_edits BEFORE UPDATE ON lakemover.plan_constraint
    FOR EACH ROW EXECUTE FUNCTION lakemover._record_edits();
CREATE TRIGGER record_edits BEFORE UPDATE ON lakemover.plan_index
    FOR EACH ROW EXECUTE FUNCTION lakemover._record_edits();
CREATE TRIGGER record_edits BEFORE UPDATE ON lakemover.plan_sequence
    FOR EACH ROW EXECUTE FUNCTION lakemover._record_edits();
CREATE TRIGGER record_edits BEFORE UPDATE ON lakemover.plan_routine
    FOR EACH ROW EXECUTE FUNCTION lakemover._record_edits();
