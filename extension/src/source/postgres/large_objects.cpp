// See large_objects.hpp. lo_get() and the like are all that a user without superuser's rights has: pg_largeobject itself is
// closed to him, on the source and on the target.
#include "source/postgres/large_objects.hpp"

#include <charconv>

namespace lakemover::source::postgres {

namespace {

struct Position {
    std::uint32_t number = 0;
    std::int64_t byte = 0;
    std::string object() const { return "'" + std::to_string(number) + "'::pg_catalog.oid"; }
};

Position position_of(const std::vector<std::string>& bound) {
    Position p;
    const auto parse = [](const std::string& text, auto& number) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        return error == std::errc() && end == text.data() + text.size();
    };
    if (bound.size() != 2 || !parse(bound[0], p.number) || !parse(bound[1], p.byte) || p.byte < 0 ||
        p.byte % kLargeObjectPiece != 0) {
        throw Error(ErrorKind::kConfig, "22023",
                    "a batch of large objects has a bound that is not an object and a place", {},
                    "plan again and start a new run");
    }
    return p;
}

}  // namespace

std::string large_object_pieces(const TableSpec& spec, bool on_target, const ChunkRange& range) {
    const std::string piece = std::to_string(kLargeObjectPiece);
    std::string from = "0";
    std::string to = "z.bytes - 1";
    std::string objects;
    const auto add = [&objects](const std::string& condition) {
        objects += (objects.empty() ? " WHERE " : " AND ") + condition;
    };
    if (range.lower) {
        const Position p = position_of(*range.lower);
        const std::string object = p.object();
        add("m.oid >= " + object);
        if (p.byte > 0) {
            from = "CASE m.oid WHEN " + object + " THEN " + std::to_string(p.byte) + " ELSE 0 END";
        }
    }
    if (range.upper) {
        const Position p = position_of(*range.upper);
        const std::string object = p.object();
        add(std::string("m.oid ") + (p.byte > 0 ? "<= " : "< ") + object);
        if (p.byte > 0) {
            to = "CASE m.oid WHEN " + object + " THEN least(z.bytes, " + std::to_string(p.byte) +
                 ") ELSE z.bytes END - 1";
        }
    }
    if (on_target) {
        add("m.oid = ANY ('" + spec.large_objects.value_or("{}") + "'::pg_catalog.oid[])");
    }
    // OFFSET 0 keeps the steps apart: opened, measured, closed.
    return std::string("(SELECT m.oid::bigint AS loid, p.position") +
           (on_target ? ", '0'::pg_catalog.xid AS xmin" : "") +
           " FROM pg_catalog.pg_largeobject_metadata AS m"
           " CROSS JOIN LATERAL (SELECT s.bytes, pg_catalog.lo_close(s.fd) FROM (SELECT f.fd, "
           "pg_catalog.lo_lseek64(f.fd, 0, 2) AS bytes FROM (SELECT pg_catalog.lo_open(m.oid, 262144) AS fd OFFSET 0) "
           "AS f OFFSET 0) AS s OFFSET 0) AS z(bytes, closed)"
           " CROSS JOIN LATERAL pg_catalog.generate_series((" +
           from + ")::bigint, greatest(" + to + ", 0), " + piece + ") AS p(position)" + objects + ")";
}

std::string large_object_waiting_room() { return "pg_temp.lakemover_large_object"; }

std::optional<std::string> large_object_column(const std::string& name) {
    if (name != "data") {
        return std::nullopt;
    }
    return "pg_catalog.lo_get(t.loid::pg_catalog.oid, t.position, " + std::to_string(kLargeObjectPiece) + ")";
}

}  // namespace lakemover::source::postgres
