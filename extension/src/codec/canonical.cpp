// Canonical bytes of values, from their COPY BINARY form. Pure zone; throws codec::ValueError.
#include "codec/canonical.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "codec/digest.hpp"
#include "codec/error.hpp"

namespace lakemover::codec {

namespace {

constexpr int kMaxDepth = 32;  // nesting of composites and arrays; a stack overflow must not be reachable from data
constexpr std::uint64_t kQuietNan8 = 0x7ff8000000000000ULL;
constexpr std::uint32_t kQuietNan4 = 0x7fc00000U;

// Sorted by name for the binary search.
constexpr auto kNames = std::to_array<std::pair<std::string_view, Kind>>({
    {"bool", Kind::kBool},           {"bpchar", Kind::kBpchar},
    {"bytea", Kind::kBytea},         {"date", Kind::kDate},
    {"enum", Kind::kEnum},           {"float4", Kind::kFloat4},
    {"float8", Kind::kFloat8},       {"int2", Kind::kInt2},
    {"int4", Kind::kInt4},           {"int8", Kind::kInt8},
    {"interval", Kind::kInterval},   {"json", Kind::kJson},
    {"jsonb", Kind::kJsonb},         {"name", Kind::kText},
    {"numeric", Kind::kNumeric},     {"record", Kind::kRecord},
    {"text", Kind::kText},           {"time", Kind::kTime},
    {"timestamp", Kind::kTimestamp}, {"timestamptz", Kind::kTimestamptz},
    {"timetz", Kind::kTimetz},       {"uuid", Kind::kUuid},
    {"varchar", Kind::kText},
});

Form parse_form(std::string_view& rest, int depth, bool nested);

// The attributes between the parentheses of record(...).
std::vector<Form> parse_parts(std::string_view& rest, int depth) {
    std::vector<Form> parts;
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() != ')') {
        parts.push_back(parse_form(rest, depth + 1, true));
        if (!rest.empty() && rest.front() == ',') {
            rest.remove_prefix(1);
        }
    }
    if (rest.empty()) {
        throw ValueError("unclosed parenthesis in a codec name");
    }
    rest.remove_prefix(1);
    return parts;
}

Form parse_form(std::string_view& rest, int depth, bool nested) {
    if (depth > kMaxDepth) {
        throw ValueError("codec name nested too deeply");
    }
    // A single underscore marks an array; a type may itself be called "_".
    if (rest.size() > 1 && rest.front() == '_') {
        rest.remove_prefix(1);
        Form form{Kind::kArray, {}};
        form.parts.push_back(parse_form(rest, depth + 1, true));
        // The name of an element type says nothing when it is the user's own: it may be anything.
        if (form.parts.front().kind == Kind::kOpaque) {
            form.parts.front().kind = Kind::kUser;
        }
        return form;
    }
    // A user's type may have any name; only within record(...) do comma and parentheses mean something.
    const bool listed = nested || rest.substr(0, 7) == "record(";
    const std::size_t end = listed ? std::min(rest.find_first_of("(),"), rest.size()) : rest.size();
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(end);
    const auto* found = std::lower_bound(kNames.begin(), kNames.end(), name,
                                         [](const auto& entry, std::string_view n) { return entry.first < n; });
    Form form{found != kNames.end() && found->first == name ? found->second : Kind::kOpaque, {}};
    if (!rest.empty() && rest.front() == '(' && form.kind == Kind::kRecord) {
        form.parts = parse_parts(rest, depth);
    }
    return form;
}

std::uint32_t stable_oid(std::uint32_t oid) { return oid >= kFirstUnstableOid ? 0 : oid; }

// A length word within a nested value: -1 is NULL, else the bytes must be there.
std::int32_t nested_length(std::string_view wire, std::size_t at) {
    if (wire.size() < at + 4) {
        throw ValueError("nested value is cut off");
    }
    const auto length = load_be<std::int32_t>(wire.data() + at);
    if (length < -1 || (length > 0 && static_cast<std::size_t>(length) > wire.size() - at - 4)) {
        throw ValueError("length of a nested value is out of range");
    }
    return length;
}

// Number of elements that an array's header announces; throws if that cannot be in so many bytes.
std::uint64_t element_count(std::string_view wire) {
    if (wire.size() < 12) {
        throw ValueError("array header is cut off");
    }
    const auto dimensions = load_be<std::int32_t>(wire.data());
    if (dimensions < 0 || dimensions > 6) {
        throw ValueError("array has an impossible number of dimensions");
    }
    const std::size_t header = 12 + 8 * static_cast<std::size_t>(dimensions);
    if (wire.size() < header) {
        throw ValueError("array header is cut off");
    }
    std::uint64_t count = dimensions == 0 ? 0 : 1;
    for (std::size_t at = 12; at < header; at += 8) {
        const auto size = load_be<std::int32_t>(wire.data() + at);
        if (size < 0) {
            throw ValueError("array has a negative dimension");
        }
        count *= static_cast<std::uint64_t>(size);
        if (count > wire.size()) {  // each element takes at least its length word
            throw ValueError("array announces more elements than it has bytes");
        }
    }
    return count;
}

bool looks_like_array(std::string_view wire) {
    try {
        const std::uint64_t count = element_count(wire);
        const auto flags = load_be<std::uint32_t>(wire.data() + 4);
        if (flags > 1) {
            return false;
        }
        std::size_t at = 12 + 8 * static_cast<std::size_t>(load_be<std::int32_t>(wire.data()));
        for (std::uint64_t i = 0; i < count; ++i) {
            at += 4 + static_cast<std::size_t>(std::max(nested_length(wire, at), 0));
        }
        return at == wire.size() && load_be<std::uint32_t>(wire.data() + 8) != 0;
    } catch (const ValueError&) {
        return false;
    }
}

bool looks_like_record(std::string_view wire) {
    if (wire.size() < 12) {  // an empty record has no OID to mask
        return false;
    }
    const auto fields = load_be<std::int32_t>(wire.data());
    if (fields < 1 || fields > 1664) {
        return false;
    }
    std::size_t at = 4;
    try {
        for (std::int32_t i = 0; i < fields; ++i) {
            at += 8 + static_cast<std::size_t>(std::max(nested_length(wire, at + 4), 0));
        }
    } catch (const ValueError&) {
        return false;
    }
    return at == wire.size();
}

std::size_t convert(const Form& form, std::string_view wire, char* out, int depth);

// PostgreSQL's own array_send recomputes neither the null flag of an array whose last NULL was overwritten nor the
// OID of an element type that the user made; array_recv ignores the one and checks the other.
std::size_t convert_array(const Form& declared, std::string_view wire, char* out, int depth) {
    const std::uint64_t count = element_count(wire);
    const auto oid = load_be<std::uint32_t>(wire.data() + 8);
    const auto dimensions = load_be<std::int32_t>(wire.data());
    const std::size_t header = 12 + 8 * static_cast<std::size_t>(dimensions);
    const Form by_oid = form_of_oid(oid);
    const bool known = !declared.parts.empty() && declared.parts.front().kind != Kind::kUser;
    const Form& element = known ? declared.parts.front() : by_oid;
    std::memmove(out, wire.data(), header);
    std::size_t in_at = header;
    std::size_t out_at = header;
    std::uint32_t has_null = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::int32_t length = nested_length(wire, in_at);
        if (length < 0) {
            has_null = 1;
            store_be<std::int32_t>(out + out_at, -1);
            in_at += 4;
            out_at += 4;
            continue;
        }
        const auto size = static_cast<std::size_t>(length);
        const std::size_t written = convert(element, wire.substr(in_at + 4, size), out + out_at + 4, depth + 1);
        store_be<std::int32_t>(out + out_at, static_cast<std::int32_t>(written));
        in_at += 4 + size;
        out_at += 4 + written;
    }
    if (in_at != wire.size()) {
        throw ValueError("array has bytes after its last element");
    }
    store_be<std::uint32_t>(out + 4, has_null);
    store_be<std::uint32_t>(out + 8, stable_oid(oid));
    return out_at;
}

std::size_t convert_record(const Form& declared, std::string_view wire, char* out, int depth) {
    if (wire.size() < 4) {
        throw ValueError("composite value is cut off");
    }
    const auto fields = load_be<std::int32_t>(wire.data());
    if (fields < 0 || fields > 1664) {
        throw ValueError("composite value has an impossible number of attributes");
    }
    if (!declared.parts.empty() && declared.parts.size() != static_cast<std::size_t>(fields)) {
        throw ValueError("composite value has " + std::to_string(fields) + " attributes where " +
                         std::to_string(declared.parts.size()) + " are declared");
    }
    store_be<std::int32_t>(out, fields);
    std::size_t in_at = 4;
    std::size_t out_at = 4;
    for (std::size_t i = 0; i < static_cast<std::size_t>(fields); ++i) {
        const std::int32_t length = nested_length(wire, in_at + 4);
        const auto oid = load_be<std::uint32_t>(wire.data() + in_at);
        const auto size = static_cast<std::size_t>(std::max(length, 0));
        std::size_t written = 0;
        if (length >= 0) {
            const std::string_view value = wire.substr(in_at + 8, size);
            written = declared.parts.empty() ? convert(form_of_oid(oid), value, out + out_at + 8, depth + 1)
                                             : convert(declared.parts[i], value, out + out_at + 8, depth + 1);
        }
        store_be<std::uint32_t>(out + out_at, stable_oid(oid));
        store_be<std::int32_t>(out + out_at + 4, length < 0 ? -1 : static_cast<std::int32_t>(written));
        in_at += 8 + size;
        out_at += 8 + written;
    }
    if (in_at != wire.size()) {
        throw ValueError("composite value has bytes after its last attribute");
    }
    return out_at;
}

struct NumericHead {
    std::uint16_t digits;
    std::int16_t weight;
    std::uint16_t sign;
    std::uint16_t scale;
};

NumericHead numeric_head(std::string_view wire) {
    if (wire.size() < 8) {
        throw ValueError("numeric is shorter than its header");
    }
    const NumericHead head{load_be<std::uint16_t>(wire.data()), load_be<std::int16_t>(wire.data() + 2),
                           load_be<std::uint16_t>(wire.data() + 4), load_be<std::uint16_t>(wire.data() + 6)};
    if (wire.size() != 8 + 2 * static_cast<std::size_t>(head.digits)) {
        throw ValueError("numeric has another length than its header says");
    }
    const bool special = head.sign == 0xC000 || head.sign == 0xD000 || head.sign == 0xF000;
    if (!special && head.sign != 0x0000 && head.sign != 0x4000) {
        throw ValueError("numeric has an invalid sign");
    }
    return head;
}

bool numeric_is_canonical(std::string_view wire, bool value_only) {
    const NumericHead head = numeric_head(wire);
    if (head.sign >= 0xC000) {
        return head.digits == 0 && head.weight == 0 && head.scale == 0;
    }
    if (value_only && head.scale != 0) {
        return false;
    }
    if (head.digits == 0) {
        return head.weight == 0 && head.sign == 0;
    }
    const char* digits = wire.data() + 8;
    for (std::size_t i = 0; i < head.digits; ++i) {
        if (load_be<std::uint16_t>(digits + 2 * i) > 9999) {
            throw ValueError("numeric has a digit above 9999");
        }
    }
    return load_be<std::uint16_t>(digits) != 0 && load_be<std::uint16_t>(digits + 2 * (head.digits - 1U)) != 0;
}

std::size_t convert_numeric(std::string_view wire, char* out, bool value_only) {
    NumericHead head = numeric_head(wire);
    const char* digits = wire.data() + 8;
    std::size_t first = 0;
    std::size_t last = head.digits;
    if (head.sign >= 0xC000) {
        last = 0;
        head.scale = 0;
    } else {
        while (first < last && load_be<std::uint16_t>(digits + 2 * first) == 0) {
            ++first;
        }
        while (last > first && load_be<std::uint16_t>(digits + 2 * (last - 1)) == 0) {
            --last;
        }
    }
    const std::size_t count = last - first;
    const std::int32_t weight = count == 0 ? 0 : head.weight - static_cast<std::int32_t>(first);
    if (weight < INT16_MIN) {
        throw ValueError("numeric has an impossible weight");
    }
    head.weight = static_cast<std::int16_t>(weight);
    if (count == 0 && head.sign == 0x4000) {
        head.sign = 0;
    }
    std::memmove(out + 8, digits + 2 * first, 2 * count);
    store_be<std::uint16_t>(out, static_cast<std::uint16_t>(count));
    store_be<std::int16_t>(out + 2, head.weight);
    store_be<std::uint16_t>(out + 4, head.sign);
    store_be<std::uint16_t>(out + 6, value_only ? std::uint16_t{0} : head.scale);
    return 8 + 2 * count;
}

std::size_t without_padding(std::string_view text) {
    std::size_t size = text.size();
    while (size > 0 && text[size - 1] == ' ') {
        --size;
    }
    return size;
}

void require_width(std::string_view wire, std::size_t width) {
    if (wire.size() != width) {
        throw ValueError("value of " + std::to_string(wire.size()) + " bytes where its type has " +
                         std::to_string(width));
    }
}

bool is_nan4(std::uint32_t bits) { return (bits & 0x7fffffffU) > 0x7f800000U; }

bool is_nan8(std::uint64_t bits) { return (bits & 0x7fffffffffffffffULL) > 0x7ff0000000000000ULL; }

std::size_t convert(const Form& form, std::string_view wire, char* out, int depth) {
    if (depth > kMaxDepth) {
        throw ValueError("value is nested too deeply");
    }
    switch (form.kind) {
        case Kind::kArray: return convert_array(form, wire, out, depth);
        case Kind::kRecord: return convert_record(form, wire, out, depth);
        case Kind::kUser:
            // Text never holds the zero bytes of these headers; that leaves binary user types that happen to parse
            // to the last byte. docs/validation.md states this limit.
            if (looks_like_array(wire)) {
                return convert_array({Kind::kArray, {{Kind::kUser, {}}}}, wire, out, depth);
            }
            if (looks_like_record(wire)) {
                return convert_record({Kind::kRecord, {}}, wire, out, depth);
            }
            break;
        default:
            if (!is_canonical(form, wire)) {
                switch (form.kind) {
                    case Kind::kNumeric: return convert_numeric(wire, out, false);
                    case Kind::kNumericValue: return convert_numeric(wire, out, true);
                    case Kind::kFloat4: store_be(out, kQuietNan4); return 4;
                    case Kind::kFloat8: store_be(out, kQuietNan8); return 8;
                    case Kind::kBool: *out = 1; return 1;
                    case Kind::kBpchar: wire = wire.substr(0, without_padding(wire)); break;
                    default: break;
                }
            }
            break;
    }
    std::memmove(out, wire.data(), wire.size());
    return wire.size();
}

}  // namespace

Form form_of(std::string_view codec) {
    Form form = parse_form(codec, 0, false);
    if (!codec.empty()) {
        throw ValueError("unexpected text in a codec name: " + std::string(codec));
    }
    return form;
}

// Built-in types by OID, where canonical bytes can differ from the wire's. Arrays of the others need their null flag
// set right, which is why they are listed too.
Form form_of_oid(std::uint32_t oid) {
    static constexpr auto kArrayOids = std::to_array<std::uint32_t>({
        22,   30,   143,  199,  271,  629,  651,  719,  775,  791,  1001, 1002, 1003, 1005, 1006,
        1007, 1008, 1009, 1010, 1011, 1012, 1013, 1015, 1016, 1017, 1018, 1019, 1020, 1027, 1028,
        1034, 1040, 1041, 1115, 1182, 1183, 1185, 1187, 1263, 1270, 1561, 1563, 2201, 2207, 2208,
        2209, 2210, 2211, 2949, 2951, 3221, 3643, 3644, 3645, 3735, 3770, 3807, 3905, 3907, 3909,
        3911, 3913, 3927, 4073, 4090, 4097, 4192, 5039, 6150, 6151, 6152, 6153, 6155, 6157,
    });
    switch (oid) {
        case 16: return {Kind::kBool, {}};
        case 700: return {Kind::kFloat4, {}};
        case 701: return {Kind::kFloat8, {}};
        case 1042: return {Kind::kBpchar, {}};
        case 1700: return {Kind::kNumeric, {}};
        case 2249: return {Kind::kRecord, {}};
        case 1000: return {Kind::kArray, {{Kind::kBool, {}}}};
        case 1014: return {Kind::kArray, {{Kind::kBpchar, {}}}};
        case 1021: return {Kind::kArray, {{Kind::kFloat4, {}}}};
        case 1022: return {Kind::kArray, {{Kind::kFloat8, {}}}};
        case 1231: return {Kind::kArray, {{Kind::kNumeric, {}}}};
        case 2287: return {Kind::kArray, {{Kind::kRecord, {}}}};
        default: break;
    }
    if (oid >= kFirstUnstableOid) {
        return {Kind::kUser, {}};
    }
    if (std::find(kArrayOids.begin(), kArrayOids.end(), oid) != kArrayOids.end()) {
        return {Kind::kArray, {{Kind::kOpaque, {}}}};
    }
    return {Kind::kOpaque, {}};
}

Kind kind_of(std::string_view codec) { return form_of(codec).kind; }

std::size_t fixed_width(Kind kind) {
    switch (kind) {
        case Kind::kBool: return 1;
        case Kind::kInt2: return 2;
        case Kind::kInt4:
        case Kind::kFloat4:
        case Kind::kDate: return 4;
        case Kind::kInt8:
        case Kind::kFloat8:
        case Kind::kTime:
        case Kind::kTimestamp:
        case Kind::kTimestamptz: return 8;
        case Kind::kTimetz: return 12;
        case Kind::kInterval:
        case Kind::kUuid: return 16;
        default: return 0;
    }
}

bool always_canonical(Kind kind) {
    switch (kind) {
        case Kind::kBool:
        case Kind::kFloat4:
        case Kind::kFloat8:
        case Kind::kNumeric:
        case Kind::kNumericValue:
        case Kind::kBpchar:
        case Kind::kArray:
        case Kind::kRecord:
        case Kind::kUser: return false;
        default: return true;
    }
}

void append_tag(std::string& out, const Form& form) {
    out.push_back(static_cast<char>(form.kind));
    if (form.kind == Kind::kArray || form.kind == Kind::kRecord) {
        std::array<char, 2> count{};
        store_be(count.data(), static_cast<std::uint16_t>(form.parts.size()));
        out.append(count.data(), count.size());
        for (const Form& part : form.parts) {
            append_tag(out, part);
        }
    }
}

bool is_canonical(const Form& form, std::string_view wire) {
    if (const std::size_t width = fixed_width(form.kind); width != 0) {
        require_width(wire, width);
    }
    switch (form.kind) {
        case Kind::kBool: return static_cast<unsigned char>(wire.front()) <= 1;
        case Kind::kFloat4: {
            const auto bits = load_be<std::uint32_t>(wire.data());
            return !is_nan4(bits) || bits == kQuietNan4;
        }
        case Kind::kFloat8: {
            const auto bits = load_be<std::uint64_t>(wire.data());
            return !is_nan8(bits) || bits == kQuietNan8;
        }
        case Kind::kNumeric: return numeric_is_canonical(wire, false);
        case Kind::kNumericValue: return numeric_is_canonical(wire, true);
        case Kind::kBpchar: return wire.empty() || wire.back() != ' ';
        case Kind::kArray:
        case Kind::kRecord:
        case Kind::kUser: return false;
        default: return true;
    }
}

std::size_t canonicalize(const Form& form, std::string_view wire, char* out) { return convert(form, wire, out, 0); }

}  // namespace lakemover::codec
