// Dates and times of the test server: text forms, steps, rounding. Errors are SqlError 241 and 242.
#pragma once
#include <optional>
#include <string>

#include "value.hpp"

namespace tds {

constexpr std::int64_t kTicksADay = 864000000000;

std::int32_t days_of(int year, int month, int day);
void date_of(std::int32_t days, int& year, int& month, int& day);

// 'yyyy-mm-dd', 'yyyymmdd', with 'hh:mm[:ss[.fffffff]]' behind a blank or T, 'Z' or an offset; or a time alone.
std::optional<Moment> parse_moment(const std::string& text);
// What the type keeps: datetime its 1/300 s, smalldatetime its minute, the others their digits, rounded.
Moment fitted(Moment moment, const Type& type);
Moment at_offset(Moment moment, int minutes);  // the same instant at another offset
Moment in_utc(Moment moment);
// By CONVERT's style; -1: none given.
std::string moment_text(const Moment& moment, const Type& type, int style);
Moment added(const Moment& moment, const std::string& part, std::int64_t number);
std::int64_t difference(const std::string& part, const Moment& from, const Moment& to);
int part_of(const std::string& part, const Moment& moment);
Moment now_utc();

}  // namespace tds
