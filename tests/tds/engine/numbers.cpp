// See numbers.hpp.
#include "engine/numbers.hpp"

#include <algorithm>
#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdio>

namespace tds {

namespace {

using Wide = boost::multiprecision::int512_t;

SqlError overflow(const std::string& type_name) {
    return {8115, 16, "Arithmetic overflow error converting expression to data type " + type_name + "."};
}

Wide wide_power(int n) {
    Wide power = 1;
    for (int i = 0; i < n; ++i) {
        power *= 10;
    }
    return power;
}

// Half away from zero.
Wide divided(const Wide& a, const Wide& b) {
    const Wide twice = 2 * abs(a) + abs(b);
    const Wide quotient = twice / (2 * abs(b));
    return (a < 0) != (b < 0) ? Wide(-quotient) : quotient;
}

Int128 narrowed(const Wide& wide, const Type& type) {
    const std::string text = wide.str();
    if (text.size() > 40) {
        throw overflow("numeric");
    }
    Int128 number = 0;
    for (const char c : text) {
        if (c != '-') {
            number = number * 10 + (c - '0');
        }
    }
    number = text[0] == '-' ? -number : number;
    check_precision(number, type);
    return number;
}

}  // namespace

Int128 power_of_ten(int n) {
    Int128 power = 1;
    for (int i = 0; i < n; ++i) {
        power *= 10;
    }
    return power;
}

std::string decimal_text(Int128 number, int scale) {
    const bool minus = number < 0;
    std::string digits;
    auto rest = minus ? -static_cast<unsigned __int128>(number) : static_cast<unsigned __int128>(number);
    do {
        digits += static_cast<char>('0' + static_cast<int>(rest % 10));
        rest /= 10;
    } while (rest != 0);
    while (static_cast<int>(digits.size()) <= scale) {
        digits += '0';
    }
    std::reverse(digits.begin(), digits.end());
    if (scale > 0) {
        digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
    }
    return (minus ? "-" : "") + digits;
}

Int128 parse_decimal(const std::string& given, int scale, const std::string& type_name) {
    const std::size_t from = given.find_first_not_of(' ');
    const std::string text =
        from == std::string::npos ? "" : given.substr(from, given.find_last_not_of(' ') + 1 - from);
    Int128 number = 0;
    int decimals = 0;
    bool point = false;
    bool digit = false;
    bool up = false;
    std::size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    for (; i < text.size(); ++i) {
        if (text[i] == '.' && !point) {
            point = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            digit = true;
            if (point && decimals == scale) {
                up = up || (decimals == scale && text[i] >= '5');
                ++decimals;
            } else if (!point || decimals < scale) {
                if (number > power_of_ten(37) * 9) {
                    throw overflow(type_name);
                }
                number = number * 10 + (text[i] - '0');
                decimals += point ? 1 : 0;
            }
        } else {
            digit = false;
            break;
        }
    }
    if (!digit) {
        throw SqlError(8114, 16, "Error converting data type varchar to " + type_name + ".");
    }
    for (; decimals < scale; ++decimals) {
        if (number > power_of_ten(37) * 9) {
            throw overflow(type_name);
        }
        number *= 10;
    }
    number += up ? 1 : 0;
    return text[0] == '-' ? -number : number;
}

Int128 rescaled(Int128 number, int from, int to) {
    if (to >= from) {
        const Int128 power = power_of_ten(to - from);
        Int128 result = 0;
        if (__builtin_mul_overflow(number, power, &result)) {
            throw overflow("numeric");
        }
        return result;
    }
    const Int128 power = power_of_ten(from - to);
    return (number < 0 ? number - power / 2 : number + power / 2) / power;
}

void check_precision(Int128 number, const Type& type) {
    const Int128 limit = power_of_ten(type.precision);
    if (number >= limit || number <= -limit) {
        throw overflow("numeric");
    }
}

std::string float_text(double number, int digits) {
    std::array<char, 64> text{};
    if (digits == 17) {
        std::snprintf(text.data(), text.size(), "%.16e", number);
    } else if (digits == 15) {
        std::snprintf(text.data(), text.size(), "%.15e", number);
    } else {
        std::snprintf(text.data(), text.size(), "%.6g", number);
        std::string plain = text.data();
        // 1e+10 is written 1e+010.
        if (const std::size_t e = plain.find('e'); e != std::string::npos && plain.size() - e == 4) {
            plain.insert(e + 2, "0");
        }
        return plain;
    }
    std::string plain = text.data();
    if (const std::size_t e = plain.find('e'); e != std::string::npos && plain.size() - e == 4) {
        plain.insert(e + 2, "0");
    }
    return plain;
}

Type decimal_type(int precision, int scale) {
    // What does not fit takes digits from the decimals, but leaves six of them.
    if (precision > 38) {
        const int whole = precision - scale;
        scale = std::max(std::min(scale, 6), std::min(scale, 38 - whole));
        precision = 38;
    }
    return {Kind::kDecimal, 0, precision, scale};
}

Type decimal_result(char op, const Type& a, const Type& b) {
    switch (op) {
        case '*': return decimal_type(a.precision + b.precision + 1, a.scale + b.scale);
        case '/': {
            const int scale = std::max(6, a.scale + b.precision + 1);
            return decimal_type(a.precision - a.scale + b.scale + scale, scale);
        }
        case '%':
            return decimal_type(std::min(a.precision - a.scale, b.precision - b.scale) + std::max(a.scale, b.scale),
                                std::max(a.scale, b.scale));
        default: {
            const int scale = std::max(a.scale, b.scale);
            return decimal_type(std::max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
        }
    }
}

Int128 decimal_operation(char op, Int128 a, const Type& a_type, Int128 b, const Type& b_type, const Type& result) {
    const auto wide = [](Int128 number, int scale) { return Wide(decimal_text(number, 0)) * wide_power(scale); };
    const int scale = std::max(a_type.scale, b_type.scale);
    Wide value;
    int has = scale;
    switch (op) {
        case '+': value = wide(a, scale - a_type.scale) + wide(b, scale - b_type.scale); break;
        case '-': value = wide(a, scale - a_type.scale) - wide(b, scale - b_type.scale); break;
        case '*':
            value = wide(a, 0) * wide(b, 0);
            has = a_type.scale + b_type.scale;
            break;
        default:
            if (b == 0) {
                throw SqlError(8134, 16, "Divide by zero error encountered.");
            }
            if (op == '%') {
                value = wide(a, scale - a_type.scale) % wide(b, scale - b_type.scale);
                break;
            }
            // Digits beyond the result's are cut, as the server does.
            value = wide(a, result.scale + b_type.scale) / wide(b, a_type.scale);
            has = result.scale;
    }
    if (has > result.scale) {
        value = divided(value, wide_power(has - result.scale));
    } else {
        value *= wide_power(result.scale - has);
    }
    return narrowed(value, result);
}

}  // namespace tds
