// Expands and serves the catalog queries of the PostgreSQL source driver. Pure zone; throws only
// std::bad_alloc, and std::logic_error when a query names a fragment that is not there (a test
// expands them all).
#include "source/postgres/catalog.hpp"

#include <cctype>
#include <map>
#include <stdexcept>
#include <string>

#include "source/postgres/catalog_code_queries.hpp"
#include "source/postgres/catalog_queries.hpp"

namespace lakemover::source {

namespace {

// What several queries share. $1 and $2 are the arguments.
const std::map<std::string_view, std::string_view>& fragments() {
    static const std::map<std::string_view, std::string_view> kFragments{
        // Not the server's own schemas: pg_* is reserved for the system (pg_catalog, pg_toast, pg_temp_n).
        {"user_schema", "(NOT starts_with($1.nspname, 'pg_') AND $1.nspname <> 'information_schema')"},

        // An object that belongs to an extension comes with it, not by itself.
        {"own", R"sql(NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_catalog.$1'::regclass
                            AND x.objid = $2 AND x.deptype = 'e'))sql"},

        {"comment", R"sql(LEFT JOIN pg_description d ON d.classoid = 'pg_catalog.$1'::regclass AND d.objoid = $2
        AND d.objsubid = 0)sql"},

        {"comments", R"sql((SELECT jsonb_build_object('', d.description) FROM pg_description d
         WHERE d.classoid = 'pg_catalog.$1'::regclass AND d.objoid = $2 AND d.objsubid = 0))sql"},

        // Whether the reader may read large object m. pg_read_all_data is not about these.
        {"lo_readable", R"sql((SELECT u.rolsuper OR current_setting('lo_compat_privileges')::boolean
               OR EXISTS (SELECT 1 FROM aclexplode(COALESCE(m.lomacl, acldefault('L', m.lomowner))) a
                           WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
          FROM pg_roles u WHERE u.rolname = current_user))sql"},

        // What tells a routine from its namesakes, as DROP and to_regprocedure() take it.
        {"signature", "format('%I(%s)', $1.proname, oidvectortypes($1.proargtypes))"},

        // Foreign tables are not among them: their rows are another server's.
        {"user_tables", R"sql(rel AS (
    SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid)))sql"},

        // Sizes and definitions (pg_get_expr and its kind) of a relation wait behind an ACCESS EXCLUSIVE lock. Who
        // reads the catalogs asks once for the locked ones (topic "lock"), and then all queries leave out just those.
        {"locked", R"sql(locked AS (
    SELECT unnest(NULLIF(current_setting('lakemover.locked', true), '')::oid[]) AS relation))sql"},
        {"free", "NOT EXISTS (SELECT 1 FROM locked l WHERE l.relation = $1)"},
        // $2, of catalog $1, names no locked relation.
        {"needs_free", R"sql(NOT EXISTS (
        SELECT 1 FROM locked l JOIN pg_depend y ON y.refclassid = 'pg_catalog.pg_class'::regclass AND y.refobjid = l.relation
         WHERE y.classid = 'pg_catalog.$1'::regclass AND y.objid = $2))sql"},
        // So does the query of view $1; it names the view, too.
        {"query_free", R"sql(NOT EXISTS (
        SELECT 1 FROM locked l JOIN pg_depend y ON y.refclassid = 'pg_catalog.pg_class'::regclass AND y.refobjid = l.relation
          JOIN pg_rewrite w ON w.oid = y.objid
         WHERE y.classid = 'pg_catalog.pg_rewrite'::regclass AND w.ev_class = $1))sql"},

        {"user_sequences",
         "pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace"},
        {"is_user_sequence", "c.relpersistence <> 't' AND $user_schema(n) AND $own(pg_class, c.oid)"},

        {"collation_name", "quote_ident(cn.nspname) || '.' || quote_ident(co.collname)"},
        // $1 where it is not the default collation of type $2
        {"collation", R"sql((SELECT $collation_name
                 FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
                 JOIN pg_type b ON b.oid = $2 WHERE co.oid = $1 AND co.oid <> b.typcollation))sql"},

        {"function_name",
         "(SELECT format('%I.%I', pn.nspname, p.proname) FROM pg_proc p"
         " JOIN pg_namespace pn ON pn.oid = p.pronamespace WHERE p.oid = $1)"},

        // Everything inside the types "used (root)": through domains, array elements, composite
        // attributes and range bounds. Types are resolved once each, not once per column.
        {"type_parts", R"sql(part AS (
    SELECT root, root AS typ FROM used
    UNION
    SELECT p.root, x.typ
      FROM part p JOIN pg_type t ON t.oid = p.typ
     CROSS JOIN LATERAL (
        SELECT t.typbasetype WHERE t.typtype = 'd'
        UNION ALL
        SELECT t.typelem FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid
        UNION ALL
        SELECT a.atttypid FROM pg_attribute a
         WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT r.rngsubtype FROM pg_range r WHERE t.typtype IN ('r', 'm')
           AND t.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)
     ) x(typ)))sql"},
    };
    return kFragments;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Replaces $name and $name(argument, argument), and inside a fragment $1 and $2.
std::string expand(std::string_view text, const std::vector<std::string>& args) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '$') {
            out += text[at++];
            continue;
        }
        std::size_t end = at + 1;
        while (end < text.size() && is_word(text[end])) {
            ++end;
        }
        const std::string_view name = text.substr(at + 1, end - at - 1);
        if (name == "1" || name == "2") {
            out += args.at(name == "1" ? 0 : 1);
            at = end;
            continue;
        }
        std::vector<std::string> inner;
        if (end < text.size() && text[end] == '(') {
            const std::size_t close = text.find(')', end);
            for (std::size_t from = end + 1; from < close;) {
                std::size_t to = text.find(", ", from);
                to = to == std::string_view::npos || to > close ? close : to;
                inner.push_back(expand(text.substr(from, to - from), args));
                from = to + 2;
            }
            end = close + 1;
        }
        const auto fragment = fragments().find(name);
        if (fragment == fragments().end()) {
            throw std::logic_error("catalog query names the unknown fragment " + std::string(name));
        }
        out += expand(fragment->second, inner);
        at = end;
    }
    return out;
}

const std::map<std::string, std::string, std::less<>>& queries() {
    static const std::map<std::string, std::string, std::less<>> kQueries = [] {
        const std::map<std::string_view, std::string_view> texts{
            {"source_info", catalog::kSourceInfo},
            {"lock", catalog::kLock},
            {"shape", catalog::kShape},
            {"schema", catalog::kSchema},
            {"table", catalog::kTable},
            {"column", catalog::kColumn},
            {"constraint", catalog::kConstraint},
            {"index", catalog::kIndex},
            {"sequence", catalog::kSequence},
            {"type", catalog::kType},
            {"routine", catalog::kRoutine},
            {"trigger", catalog::kTrigger},
            {"view", catalog::kView},
            {"extension", catalog::kExtension},
            {"object", catalog::kObject},
            {"outside", catalog::kOutside},
            {"activity", catalog::kActivity},
            {"need", catalog::kNeed},
            {"grant", catalog::kGrant},
            {"owner", catalog::kOwner},
            {"large_object", catalog::kLargeObject},
        };
        std::map<std::string, std::string, std::less<>> all;
        for (const auto& [topic, text] : texts) {
            all.emplace(topic, expand(text, {}));
        }
        for (int part = 0; part < kSequenceValueParts; ++part) {
            const std::string number = std::to_string(part);
            static_assert(kSequenceValueParts == 8);
            all.emplace("sequence_value_" + number,
                        expand(catalog::kSequenceValue, {"(hashoid(x.seqrelid) & 7) = " + number}));
        }
        all.emplace("code", expand(catalog::kCode, {"a.attcompression <> ''"}));
        all.emplace("code_before_14", expand(catalog::kCode, {"false"}));
        all.emplace("sequence_value", expand(catalog::kSequenceValue, {"true"}));
        return all;
    }();
    return kQueries;
}

}  // namespace

std::optional<std::string_view> catalog_query(std::string_view topic, int version_num) {
    constexpr int kOldest = 120000;
    const auto found = queries().find(topic == "code" && version_num < 140000 ? "code_before_14" : topic);
    if (version_num < kOldest || found == queries().end()) {
        return std::nullopt;
    }
    return found->second;
}

std::vector<std::string_view> catalog_topics() {
    std::vector<std::string_view> names;
    for (const auto& [topic, text] : queries()) {
        names.push_back(topic);
    }
    return names;
}

}  // namespace lakemover::source
