// Canonical bytes of values as COPY BINARY sends them: what must not count as a difference is removed here, and
// nothing else. docs/validation.md lists the rules. Pure zone; throws codec::ValueError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lakemover::codec {

// Type tags; part of what is hashed, so their numbers never change.
enum class Kind : std::uint8_t {
    kOpaque = 1,  // send form as it is: geometric and network types, bit strings, ranges, tsvector, extensions' types
    kBool = 2,
    kInt2 = 3,
    kInt4 = 4,
    kInt8 = 5,
    kFloat4 = 6,
    kFloat8 = 7,
    kNumeric = 8,       // sign, digits and display scale
    kNumericValue = 9,  // sign and digits: the planned target scale differs from the source's
    kText = 10,
    kBpchar = 11,
    kBytea = 12,
    kDate = 13,
    kTime = 14,
    kTimetz = 15,
    kTimestamp = 16,
    kTimestamptz = 17,
    kInterval = 18,
    kUuid = 19,
    kJson = 20,
    kJsonb = 21,
    kEnum = 22,
    kArray = 23,   // one part: the element
    kRecord = 24,  // a part per attribute; without parts the OIDs on the wire decide
    kUser = 25,    // a nested value of a user-defined type of which nothing is known
};

// A type's canonical form. Arrays and composites have parts.
struct Form {
    Kind kind = Kind::kOpaque;
    std::vector<Form> parts;
};

// From the "codec" of a table spec: a pg_type.typname with domains resolved (int4, _numeric, bpchar), or enum, _enum,
// record, _record, or record(int4,_enum,text) with the attributes named. Names that are not known are kOpaque.
Form form_of(std::string_view codec);
Kind kind_of(std::string_view codec);

// What is known about the value of a composite's attribute or of an array's element from its type's OID on the wire.
Form form_of_oid(std::uint32_t oid);

// The width of every value of the kind, 0 when it varies.
std::size_t fixed_width(Kind kind);

// Kinds whose wire bytes are canonical whatever they hold.
bool always_canonical(Kind kind);

// Bytes that stand for the form in a table's shape.
void append_tag(std::string& out, const Form& form);

// Whether the wire bytes of a value are canonical already. False for arrays and composites: they are always rewritten.
bool is_canonical(const Form& form, std::string_view wire);

// Writes the canonical bytes to out and returns their number, never more than wire.size(). out may overlap wire if it
// does not start behind it: values are compacted in place.
std::size_t canonicalize(const Form& form, std::string_view wire, char* out);

// OIDs below are the same on every server; those above are handed out by initdb and CREATE.
constexpr std::uint32_t kFirstUnstableOid = 10000;

}  // namespace lakemover::codec
