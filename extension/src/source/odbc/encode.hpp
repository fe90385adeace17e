// From ODBC's C buffers to fields of COPY BINARY: int32 length and the payload of the target's codec
// (pg_type.typname). Pure zone. A value that the codec cannot hold throws source::Error of kind kData; the
// caller adds table, column and key. NULL is the caller's to write (length -1).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "source/odbc/types.hpp"

namespace lakemover::source::odbc {

// What to do with what PostgreSQL cannot store.
struct Policy {
    enum class Nul { kStrip, kFail };                   // U+0000 in text
    enum class Surrogate { kReplace, kFail };           // half a surrogate pair: U+FFFD
    enum class Precision { kTruncate, kRound, kFail };  // the seventh digit of seconds
    Nul nul = Nul::kStrip;
    Surrogate surrogate = Surrogate::kReplace;
    Precision precision = Precision::kTruncate;
};
// Keys nul, surrogate, precision (on_nul, on_surrogate, on_seventh_digit of the plan); what is not there keeps the
// default. Throws kConfig for anything else.
Policy parse_policy(const std::map<std::string, std::string>& policy);

// How many values (not characters) were changed by which policy.
struct Losses {
    std::int64_t nul = 0;
    std::int64_t surrogate = 0;
    std::int64_t precision = 0;
};

// A bound cell. data is what binding_of() asked for: a C number, an ODBC struct, or bytes of text or binary
// without their terminator. bytes counts for text and binary only.
class Encoder {
public:
    Encoder() = default;
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
    virtual ~Encoder() = default;
    // Appends length and payload. On a throw, out holds what it held before.
    virtual void value(const char* data, std::size_t bytes, std::string& out) = 0;
};

// A value that arrives in pieces from SQLGetData, terminators taken off. A piece may end within a UTF-16
// unit or between the halves of a surrogate pair. out grows by the value and by nothing else; it must hold
// the whole field until finish() has written its length, and may not be changed in between.
// After a throw from piece() or finish() the encoder is ready for the next begin(); out is to be dropped.
class LongEncoder {
public:
    LongEncoder() = default;
    LongEncoder(const LongEncoder&) = delete;
    LongEncoder& operator=(const LongEncoder&) = delete;
    virtual ~LongEncoder() = default;
    virtual void begin(std::string& out) = 0;
    virtual void piece(const char* data, std::size_t bytes, std::string& out) = 0;
    virtual void finish(std::string& out) = 0;
};

// bool int2 int4 int8 numeric float4 float8 date time timestamp timestamptz uuid bytea text varchar bpchar
// citext json jsonb xml, from the types that make sense; see docs for the pairs.
bool can_encode(const SqlType& from, std::string_view codec);

// For a type whose binding is not long. losses must outlive the encoder. Throws kUnsupported 0A000 for a pair
// that can_encode() denies.
std::unique_ptr<Encoder> make_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                      Losses& losses);
// For text and binary types, long or not (a short one may be read by SQLGetData, too).
std::unique_ptr<LongEncoder> make_long_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                               Losses& losses);

// What the encoders do to text, for readers that need it as a string: NULs stripped, lone surrogates replaced
// (or an error), nothing trimmed. units are UTF-16 in the machine's byte order.
std::string utf8_from_utf16(const char* data, std::size_t bytes, const Policy& policy, Losses& losses);

}  // namespace lakemover::source::odbc
