// Exact numbers of the test server: text, scale, and T-SQL's rules for the type of a result. Errors are SqlError 8115
// (overflow), 8114 (not a number), 8134 (division by zero).
#pragma once
#include <string>

#include "value.hpp"

namespace tds {

std::string decimal_text(Int128 number, int scale);
// Digits with an optional sign and point to so many decimals, rounded half away from zero.
Int128 parse_decimal(const std::string& text, int scale, const std::string& type_name);
Int128 rescaled(Int128 number, int from, int to);
Int128 power_of_ten(int n);
void check_precision(Int128 number, const Type& type);  // of a decimal
std::string float_text(double number, int digits);      // 6, 15 or 17 significant

struct Decimal {
    Int128 number;
    int precision;
    int scale;
};
Type decimal_type(int precision, int scale);
// The type of op over two decimals.
Type decimal_result(char op, const Type& a, const Type& b);
Int128 decimal_operation(char op, Int128 a, const Type& a_type, Int128 b, const Type& b_type, const Type& result);

}  // namespace tds
