-- What a DBA writes as int or decimal(10) is kept as format_type() spells it, so that equal types are equal texts.
CREATE FUNCTION lakemover._spell_target_type() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.target_type := coalesce(lakemover._canonical_type(NEW.target_type), NEW.target_type);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION lakemover._spell_target_type() IS 'spells an edited target type the way the catalogs do';

CREATE TRIGGER canonical_target_type BEFORE UPDATE OF target_type ON lakemover.plan_column
    FOR EACH ROW EXECUTE FUNCTION lakemover._spell_target_type();
