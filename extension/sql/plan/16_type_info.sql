-- What is known of a type text of the source or of the plan. The element of an array is described, is_array says so.
-- Domains are followed to their base: base is what travels.
CREATE FUNCTION lakemover._type_info(p_source name, p_type text,
                                     OUT origin text,      -- builtin, user (defined on the source), extension (a policy's, on the target), null: neither
                                     OUT is_array boolean,
                                     OUT element text,     -- without []
                                     OUT base text,        -- of the element, domains followed
                                     OUT kind text,        -- typtype of base: b, e, c, r, m
                                     OUT codec text,       -- of the whole
                                     OUT category text)    -- typcategory of base: N numbers, D dates, S strings, E enums, ...
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_canonical text := lakemover._canonical_type(p_type);
    v_type      record;
    v_array_base boolean := false;
BEGIN
    is_array := p_type ~ '\[\]$';
    element := regexp_replace(coalesce(v_canonical, p_type), '(\[\])+$', '');
    base := element;
    IF v_canonical IS NOT NULL THEN
        origin := 'builtin';
    ELSE
        -- a chain of domains ends at a built-in type or at another user-defined one
        LOOP
            SELECT t.kind, t.definition, t.type_name
              INTO v_type
              FROM lakemover.inv_type t
             WHERE t.source = p_source
               AND (format('%I.%I', t.schema_name, t.type_name) = base
                    OR t.kind = 'r' AND quote_ident(t.schema_name) || '.' || quote_ident(t.definition ->> 'multirange') = base);
            IF NOT FOUND THEN
                EXIT;
            END IF;
            origin := 'user';
            IF v_type.kind <> 'd' THEN
                kind := CASE WHEN v_type.kind = 'r' AND format('%I', v_type.type_name) <> regexp_replace(base, '^.*\.(?=[^.]*$)', '')
                             THEN 'm' ELSE v_type.kind END;
                codec := CASE v_type.kind WHEN 'e' THEN 'enum' WHEN 'c' THEN 'record'
                         ELSE CASE kind WHEN 'm' THEN v_type.definition ->> 'multirange' ELSE v_type.type_name END END;
                category := CASE v_type.kind WHEN 'e' THEN 'E' WHEN 'c' THEN 'C' ELSE 'R' END;
                EXIT;
            END IF;
            base := v_type.definition ->> 'base';
            IF base ~ '\[\]$' THEN
                v_array_base := true;
                base := regexp_replace(base, '(\[\])+$', '');
            END IF;
        END LOOP;
        IF origin IS NULL AND p_type ~ '(^|\.)citext$'
           AND EXISTS (SELECT FROM lakemover.source_info i WHERE i.source = p_source AND i.engine <> 'postgres') THEN
            origin := 'extension';
            kind := 'b';
            codec := 'citext';
            category := 'S';
        END IF;
        IF origin IS NULL THEN
            RETURN;
        END IF;
    END IF;
    IF kind IS NULL THEN
        SELECT t.typtype, t.typname, t.typcategory
          INTO kind, codec, category
          FROM pg_type t
         WHERE t.oid = to_regtype(lakemover._canonical_type(base));
    END IF;
    IF is_array OR v_array_base THEN
        codec := '_' || codec;
    END IF;
    is_array := is_array OR v_array_base;
END
$$;
COMMENT ON FUNCTION lakemover._type_info(name, text) IS 'origin, element, base, codec and category of a type of the source or of the plan';
