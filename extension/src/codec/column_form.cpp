// See column_form.hpp. Pure zone.
#include "codec/column_form.hpp"

#include <charconv>

namespace lakemover::codec {

namespace {

// The scale of a T-SQL type: decimal(18,4), money; integers have none.
int native_scale(std::string_view type) {
    if (type == "money" || type == "smallmoney") {
        return 4;
    }
    const std::size_t comma = type.find(',');
    int scale = 0;
    if (comma != std::string_view::npos) {
        std::from_chars(type.data() + comma + 1, type.data() + type.size(), scale);
    }
    return scale;
}

}  // namespace

Form column_form(const PlannedColumn& column) {
    Form form = form_of(column.codec);
    // The server pads a char(n) again whatever is sent, so one on either side makes trailing blanks meaningless.
    if (form.kind == Kind::kText && column.target_codec == "bpchar") {
        form.kind = Kind::kBpchar;
    }
    // Another scale on the target: equal by value, the display scale is the plan's doing.
    const bool same_scale =
        column.native ? column.scale == native_scale(column.source_type) : column.source_type == column.target_type;
    if (form.kind == Kind::kNumeric && !column.selected && !same_scale) {
        form.kind = Kind::kNumericValue;
    }
    return form;
}

}  // namespace lakemover::codec
