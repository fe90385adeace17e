// See encode.hpp: the choice of an encoder, and policies.
#include "source/odbc/encode.hpp"

#include "source/odbc/field.hpp"

namespace lakemover::source::odbc {

namespace {

Error no_pair(const SqlType& from, std::string_view codec) {
    return {ErrorKind::kUnsupported,
            "0A000",
            "SQL Server type " + from.name + " cannot be copied into type " + std::string(codec),
            {},
            "plan another target type, or a transform that converts on the source"};
}

std::unique_ptr<Encoder> find_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                      Losses& losses) {
    switch (from.kind) {
        case TypeKind::kBit:
        case TypeKind::kTinyint:
        case TypeKind::kSmallint:
        case TypeKind::kInt:
        case TypeKind::kBigint:
        case TypeKind::kReal:
        case TypeKind::kFloat:
        case TypeKind::kDecimal:
        case TypeKind::kMoney:
        case TypeKind::kSmallmoney: return make_number_encoder(from, codec);
        case TypeKind::kDate:
        case TypeKind::kTime:
        case TypeKind::kDatetime:
        case TypeKind::kSmalldatetime:
        case TypeKind::kDatetime2:
        case TypeKind::kDatetimeoffset: return make_time_encoder(from, codec, policy, losses);
        case TypeKind::kBinary:
        case TypeKind::kVarbinary:
        case TypeKind::kRowversion:
        case TypeKind::kUniqueidentifier: return make_bytes_encoder(from, codec);
        default: return make_text_encoder(from, codec, policy, losses);
    }
}

}  // namespace

Policy parse_policy(const std::map<std::string, std::string>& policy) {
    Policy parsed;
    for (const auto& [key, value] : policy) {
        if (key == "nul" && (value == "strip" || value == "fail")) {
            parsed.nul = value == "fail" ? Policy::Nul::kFail : Policy::Nul::kStrip;
        } else if (key == "surrogate" && (value == "replace" || value == "fail")) {
            parsed.surrogate = value == "fail" ? Policy::Surrogate::kFail : Policy::Surrogate::kReplace;
        } else if (key == "precision" && (value == "truncate" || value == "round" || value == "fail")) {
            parsed.precision = value == "round"  ? Policy::Precision::kRound
                               : value == "fail" ? Policy::Precision::kFail
                                                 : Policy::Precision::kTruncate;
        } else {
            throw Error(
                ErrorKind::kConfig, "22023", "policy \"" + key + "\" cannot be \"" + value + "\"", {},
                "policies are nul: strip or fail, surrogate: replace or fail, precision: truncate, round or fail");
        }
    }
    return parsed;
}

bool can_encode(const SqlType& from, std::string_view codec) {
    Losses none;
    return find_encoder(from, codec, Policy(), none) != nullptr;
}

std::unique_ptr<Encoder> make_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                      Losses& losses) {
    std::unique_ptr<Encoder> encoder = find_encoder(from, codec, policy, losses);
    if (!encoder) {
        throw no_pair(from, codec);
    }
    return encoder;
}

std::unique_ptr<LongEncoder> make_long_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                               Losses& losses) {
    std::unique_ptr<LongEncoder> encoder;
    if (from.is_character()) {
        encoder = make_long_text_encoder(from, codec, policy, losses);
    } else if (from.is_binary()) {
        encoder = make_long_bytes_encoder(from, codec);
    }
    if (!encoder) {
        throw no_pair(from, codec);
    }
    return encoder;
}

}  // namespace lakemover::source::odbc
