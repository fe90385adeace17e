// The types' tokens of MS-TDS, and the sizes that go with them.
#pragma once
#include <cstdint>

namespace tds::token {

enum TypeToken : std::uint8_t {
    kImage = 0x22,
    kText = 0x23,
    kGuid = 0x24,
    kIntN = 0x26,
    kDateN = 0x28,
    kTimeN = 0x29,
    kDatetime2N = 0x2A,
    kDatetimeOffsetN = 0x2B,
    kInt1 = 0x30,
    kBit = 0x32,
    kInt2 = 0x34,
    kInt4 = 0x38,
    kDatetime4 = 0x3A,
    kFloat4 = 0x3B,
    kMoney8 = 0x3C,
    kDatetime8 = 0x3D,
    kFloat8 = 0x3E,
    kVariant = 0x62,
    kNtext = 0x63,
    kBitN = 0x68,
    kDecimalN = 0x6A,
    kNumericN = 0x6C,
    kFloatN = 0x6D,
    kMoneyN = 0x6E,
    kDatetimeN = 0x6F,
    kMoney4 = 0x7A,
    kInt8 = 0x7F,
    kBigVarbinary = 0xA5,
    kBigVarchar = 0xA7,
    kBigBinary = 0xAD,
    kBigChar = 0xAF,
    kNvarchar = 0xE7,
    kNchar = 0xEF,
    kXml = 0xF1
};

}  // namespace tds::token

namespace tds {

constexpr std::int32_t kDaysTo1900 = 693595;  // from 0001-01-01
constexpr std::int64_t kTicksOfMinute = 600'000'000;
constexpr std::int64_t kTicksOfDay = 1440 * kTicksOfMinute;

constexpr std::int64_t power_of_ten(int exponent) {
    std::int64_t power = 1;
    for (; exponent > 0; --exponent) power *= 10;
    return power;
}

constexpr int time_bytes(int scale) { return scale <= 2 ? 3 : scale <= 4 ? 4 : 5; }

// Of the magnitude, without the sign's.
constexpr int decimal_bytes(int precision) {
    return precision <= 9 ? 4 : precision <= 19 ? 8 : precision <= 28 ? 12 : 16;
}

}  // namespace tds
