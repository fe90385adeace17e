-- How values of SQL Server that PostgreSQL cannot store are treated, per column and as defaults of a plan. The encoders know
-- the same values (source/odbc/encode.hpp: parse_policy()).
CREATE FUNCTION lakemover._policy_values(p_policy text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE p_policy WHEN 'char_as' THEN '{char,varchar}' WHEN 'ci' THEN '{none,icu,citext}' WHEN 'on_nul' THEN '{strip,fail}'
                     WHEN 'on_surrogate' THEN '{replace,fail}' WHEN 'on_seventh_digit' THEN '{truncate,round,fail}' END::text[]
$$;
COMMENT ON FUNCTION lakemover._policy_values(text) IS 'the values that a policy can have, its default first';

CREATE FUNCTION lakemover._policy_applies(p_policy text, p_native text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
-- whatever the scale: the encoders look at the values, and Babelfish's catalogs show six digits where seven are sent
SELECT coalesce(p_native ~ CASE p_policy WHEN 'on_seventh_digit' THEN '^(time|datetime2|datetimeoffset)\('
                                         ELSE '^(n?(char|varchar)\(|n?text$|(xml|sql_variant|hierarchyid|geography|geometry)$)' END, false)
$$;
COMMENT ON FUNCTION lakemover._policy_applies(text, text) IS 'whether a SQL Server type has values that a policy of columns is about; false without a type';

-- The given value, else the planned one, else the default.
CREATE FUNCTION lakemover._plan_policy(p_source name, p_engine text, p_policy text, p_given text, p_planned text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_values text[] := lakemover._policy_values(p_policy);
BEGIN
    IF p_engine = 'postgres' THEN
        IF p_given IS NOT NULL THEN
            RAISE EXCEPTION '% is for SQL Server sources, and source "%" is PostgreSQL', p_policy, p_source
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Values of a PostgreSQL source arrive as they are; lakemover.plan_column has target types.';
        END IF;
        RETURN NULL;
    END IF;
    IF p_given <> ALL (v_values) THEN
        RAISE EXCEPTION 'invalid value for %: "%"', p_policy, p_given
            USING ERRCODE = 'invalid_parameter_value', HINT = format('Valid values are %s.', array_to_string(v_values, ', '));
    END IF;
    RETURN coalesce(p_given, p_planned, v_values[1]);
END
$$;
COMMENT ON FUNCTION lakemover._plan_policy(name, text, text, text, text) IS 'a policy of a plan: as given, else as planned, else the default; null for PostgreSQL sources, which have none';

CREATE FUNCTION lakemover._check_policies() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_policy record;
    v_column record;
BEGIN
    IF current_setting('lakemover_plan.writing', true) = 'on' THEN
        RETURN NEW;
    END IF;
    FOR v_policy IN
        SELECT x.name, x.value, lakemover._policy_values(x.name) AS valid
          FROM (VALUES ('on_nul', NEW.on_nul, OLD.on_nul), ('on_surrogate', NEW.on_surrogate, OLD.on_surrogate),
                       ('on_seventh_digit', NEW.on_seventh_digit, OLD.on_seventh_digit)) x(name, value, was)
         WHERE x.value IS DISTINCT FROM x.was
    LOOP
        SELECT format('%I.%I.%I', t.source_schema, t.source_table, NEW.source_column) AS name, i.native_type,
               coalesce(i.native_type, i.data_type) AS type
          INTO v_column
          FROM lakemover.plan_table t
          LEFT JOIN lakemover.inv_column i ON i.source = t.source AND i.table_id = t.table_id AND i.ordinal = NEW.ordinal
         WHERE t.source = NEW.source AND t.table_id = NEW.table_id;
        IF NOT lakemover._policy_applies(v_policy.name, v_column.native_type) THEN
            RAISE EXCEPTION 'column % cannot have % = "%": values of type % need no such policy', v_column.name, v_policy.name, v_policy.value, v_column.type
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Columns that can have it are those WHERE %s IS NOT NULL; only SQL Server sources have any.', v_policy.name);
        ELSIF v_policy.value IS NULL OR v_policy.value <> ALL (v_policy.valid) THEN
            RAISE EXCEPTION 'column % cannot have % = %', v_column.name, v_policy.name, coalesce('"' || v_policy.value || '"', 'NULL')
                USING ERRCODE = 'invalid_parameter_value', HINT = format('Valid values are %s.', array_to_string(v_policy.valid, ', '));
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION lakemover._check_policies() IS 'refuses policies that a column cannot have, and names the column and the valid values';

CREATE TRIGGER check_policies BEFORE UPDATE OF on_nul, on_surrogate, on_seventh_digit ON lakemover.plan_column
    FOR EACH ROW EXECUTE FUNCTION lakemover._check_policies();

-- ICU's strength: 2 looks at accents and not at case, 1 at neither. One schema for all, since a foreign key needs one and the
-- same collation on both sides.
CREATE FUNCTION lakemover._ci_collation(p_source name, p_native_collation text) RETURNS text
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%I.%I', (SELECT min(t.target_schema COLLATE "C") FROM lakemover.plan_table t WHERE t.source = p_source AND NOT t.exclude),
              CASE WHEN p_native_collation ~* '_AI($|_)' THEN 'case_accent_insensitive' ELSE 'case_insensitive' END)
  FROM lakemover.plan p
 WHERE p.source = p_source AND p.ci = 'icu' AND p_native_collation ~* '_CI_'
$$;
COMMENT ON FUNCTION lakemover._ci_collation(name, text) IS 'the collation of the target that stands for one of SQL Server in which case does not matter; null where the plan wants none';

-- Where the extension citext is on the target, or will be. A function of its own, since the target may be known only when a run begins.
CREATE FUNCTION lakemover._citext_type() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%I.citext', coalesce((SELECT nullif(f.value, '') FROM lakemover.target_fact f WHERE f.name = 'citext_schema'), 'public'))
$$;
COMMENT ON FUNCTION lakemover._citext_type() IS 'the type citext as the target names it, in public as long as nothing else is known';
