// SELECT: filter, groups, window functions, order, TOP. See context.hpp.
#include <algorithm>
#include <map>
#include <numeric>

#include "engine/context.hpp"
#include "engine/convert.hpp"
#include "engine/from.hpp"
#include "engine/text.hpp"

namespace tds {

using ts::Ex;

namespace {

bool is_aggregate(const ts::Expr& e) {
    return e.kind == Ex::kCall && !e.over &&
           (e.text == "COUNT" || e.text == "COUNT_BIG" || e.text == "SUM" || e.text == "MIN" || e.text == "MAX");
}

void collect(const ts::Expr* e, std::vector<const ts::Expr*>& aggregates, std::vector<const ts::Expr*>& windows) {
    if (e == nullptr) {
        return;
    }
    if (is_aggregate(*e)) {
        aggregates.push_back(e);
        return;
    }
    if (e->kind == Ex::kCall && e->over) {
        windows.push_back(e);
        return;
    }
    for (const auto& arg : e->args) {
        collect(arg.get(), aggregates, windows);
    }
}

// NULLs come first, as the server has it.
int order_of(const Value& a, const Value& b, const Type& type) {
    if (is_null(a) || is_null(b)) {
        return is_null(a) && is_null(b) ? 0 : is_null(a) ? -1 : 1;
    }
    return compare(a, b, type);
}

struct SortKey {
    Compiled value;
    bool descending;
};

// The places of rows in their order; stable.
std::vector<std::size_t> sorted(const Rows& rows, const std::vector<SortKey>& keys, const Frame* outer) {
    std::vector<std::vector<Value>> values(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (const SortKey& key : keys) {
            values[i].push_back(key.value.value({&rows[i], outer}));
        }
    }
    std::vector<std::size_t> places(rows.size());
    std::iota(places.begin(), places.end(), 0);
    const auto before = [&](std::size_t a, std::size_t b) {
        for (std::size_t k = 0; k < keys.size(); ++k) {
            const int order = order_of(values[a][k], values[b][k], keys[k].value.type);
            if (order != 0) {
                return keys[k].descending ? order > 0 : order < 0;
            }
        }
        return false;
    };
    if (!std::is_sorted(places.begin(), places.end(), before)) {
        std::stable_sort(places.begin(), places.end(), before);
    }
    return places;
}

class SelectRun {
public:
    SelectRun(Context& context, const ts::Query& query, const std::string& source, const Scope* outer,
              const Frame* frame)
        : context_(context), query_(query), select_(*query.select), source_(source), frame_(frame) {
        if (select_.grouping_with || !select_.into.empty() || query.offset || !query.for_clause.empty()) {
            throw SqlError(102, 15, "this form of SELECT is not known to the test server");
        }
        if (select_.from) {
            from_ = from_relation(context, *select_.from, source, outer, frame);
        } else {
            auto one = std::make_shared<Rows>();
            one->emplace_back();
            from_.rows = one;
        }
        scope_ = {from_.columns, outer};
        for (const ts::SelectItem& item : select_.items) {
            collect(item.expr.get(), aggregates_, windows_);
        }
        collect(select_.having.get(), aggregates_, windows_);
        for (const ts::OrderItem& item : query.order) {
            collect(item.expr.get(), aggregates_, windows_);
        }
        compiler_ = std::make_unique<Compiler>(context, scope_, source);
        if (select_.where) {
            where_ = compiler_->condition(*select_.where);
        }
        if (grouped()) {
            prepare_aggregates();
        }
        for (std::size_t i = 0; i < windows_.size(); ++i) {
            const bool number = windows_[i]->text == "ROW_NUMBER";
            if (!windows_[i]->over->partition.empty() ||
                (!number && windows_[i]->text != "COUNT_BIG" && windows_[i]->text != "COUNT")) {
                compiler_->unknown(*windows_[i], "this window function");
            }
            compiler_->replace(windows_[i], width() + i, {windows_[i]->text == "COUNT" ? Kind::kInt : Kind::kBigint});
        }
        compile_items();
    }

    const std::vector<ScopeColumn>& columns() const { return columns_; }
    bool streams() const { return !grouped() && windows_.empty() && query_.order.empty() && !select_.distinct; }

    std::int64_t top() {
        if (!select_.top) {
            return INT64_MAX;
        }
        if (select_.top->percent || select_.top->ties) {
            throw SqlError(102, 15, "TOP with PERCENT or TIES is not known to the test server");
        }
        const Compiled count = Compiler::converted(compiler_->expression(*select_.top->count), {Kind::kBigint});
        return std::get<std::int64_t>(count.value({}));
    }

    // One row after another, as they stand; for what streams().
    void each(const std::function<void(Row&&)>& use) {
        std::int64_t left = top();
        for (const Row& row : *from_.rows) {
            if (left == 0) {
                return;
            }
            const Frame frame{&row, frame_};
            if (where_ && where_(frame) != 1) {
                continue;
            }
            --left;
            use(projected(frame));
        }
    }

    Rows all() {
        Rows found;
        if (streams()) {
            each([&](Row&& row) { found.push_back(std::move(row)); });
            return found;
        }
        Rows rows;
        for (const Row& row : *from_.rows) {
            if (!where_ || where_({&row, frame_}) == 1) {
                rows.push_back(row);
            }
        }
        if (grouped()) {
            rows = groups(rows);
        }
        add_windows(rows);
        std::vector<std::size_t> places(rows.size());
        std::iota(places.begin(), places.end(), 0);
        if (!query_.order.empty()) {
            places = sorted(rows, sort_keys(query_.order), frame_);
        }
        std::int64_t left = top();
        for (const std::size_t place : places) {
            Row row = projected({&rows[place], frame_});
            if (select_.distinct && std::find(found.begin(), found.end(), row) != found.end()) {
                continue;
            }
            if (left-- == 0) {
                break;
            }
            found.push_back(std::move(row));
        }
        return found;
    }

private:
    bool grouped() const { return !select_.group_by.empty() || !aggregates_.empty(); }
    std::size_t width() const { return from_.columns.size() + (grouped() ? aggregates_.size() : 0); }

    void prepare_aggregates() {
        for (const ts::Expr* call : aggregates_) {
            const bool counts = call->text.starts_with("COUNT");
            const bool star = call->args.empty() || call->args[0]->kind == Ex::kStar;
            Compiled value =
                star ? Compiler::constant({Kind::kInt}, std::int64_t{1}) : compiler_->expression(*call->args[0]);
            Type type = value.type;
            if (counts) {
                type = {call->text == "COUNT" ? Kind::kInt : Kind::kBigint};
            } else if (call->text == "SUM") {
                type = type.kind == Kind::kDecimal                       ? Type{Kind::kDecimal, 0, 38, type.scale}
                       : type.is_integer() && type.kind != Kind::kBigint ? Type{Kind::kInt}
                                                                         : type;
            }
            if (call->distinct) {
                compiler_->unknown(*call, "DISTINCT in an aggregate");
            }
            inputs_.push_back(std::move(value));
            types_.push_back(type);
        }
        for (std::size_t i = 0; i < aggregates_.size(); ++i) {
            compiler_->replace(aggregates_[i], from_.columns.size() + i, types_[i]);
        }
    }

    void accumulate(std::size_t i, Value& total, const Frame& frame) const {
        const Value value = inputs_[i].value(frame);
        if (is_null(value)) {
            return;
        }
        const std::string& name = aggregates_[i]->text;
        if (name.starts_with("COUNT")) {
            total = std::get<std::int64_t>(total) + 1;
        } else if (is_null(total)) {
            total = convert(value, inputs_[i].type, types_[i]);
        } else if (name == "SUM") {
            if (auto* n = std::get_if<std::int64_t>(&total))
                *n += std::get<std::int64_t>(value);
            else if (auto* x = std::get_if<Int128>(&total))
                *x += std::get<Int128>(value);
            else
                std::get<double>(total) += std::get<double>(value);
        } else {
            const int order = compare(value, total, types_[i]);
            if (name == "MIN" ? order < 0 : order > 0) total = value;
        }
    }

    Rows groups(const Rows& rows) const {
        std::vector<Compiled> keys;
        for (const auto& e : select_.group_by) {
            keys.push_back(compiler_->expression(*e));
        }
        const auto less = [&](const std::vector<Value>& a, const std::vector<Value>& b) {
            for (std::size_t k = 0; k < keys.size(); ++k) {
                const int order = order_of(a[k], b[k], keys[k].type);
                if (order != 0) return order < 0;
            }
            return false;
        };
        std::map<std::vector<Value>, Row, decltype(less)> found(less);
        const auto begin = [&](Row row) {
            row.resize(from_.columns.size());
            for (const ts::Expr* call : aggregates_) {
                row.push_back(call->text.starts_with("COUNT") ? Value(std::int64_t{0}) : Value());
            }
            return row;
        };
        if (keys.empty()) {
            found.emplace(std::vector<Value>(), begin(Row(from_.columns.size())));
        }
        for (const Row& row : rows) {
            const Frame frame{&row, frame_};
            std::vector<Value> key;
            for (const Compiled& k : keys) {
                key.push_back(k.value(frame));
            }
            auto it = found.find(key);
            if (it == found.end()) {
                it = found.emplace(std::move(key), begin(row)).first;
            }
            for (std::size_t i = 0; i < aggregates_.size(); ++i) {
                accumulate(i, it->second[from_.columns.size() + i], frame);
            }
        }
        Rows result;
        const Test having = select_.having ? compiler_->condition(*select_.having) : Test();
        for (auto& [key, row] : found) {
            if (!having || having({&row, frame_}) == 1) {
                result.push_back(std::move(row));
            }
        }
        return result;
    }

    std::vector<SortKey> sort_keys(const std::vector<ts::OrderItem>& items) {
        std::vector<SortKey> keys;
        for (const ts::OrderItem& item : items) {
            const ts::Expr* e = item.expr.get();
            // An alias of the select list comes before the columns of its tables.
            if (e->kind == Ex::kColumn && e->name.size() == 1) {
                for (const ts::SelectItem& selected : select_.items) {
                    if (!selected.alias.empty() && same_name(selected.alias, e->name[0])) {
                        e = selected.expr.get();
                    }
                }
            }
            if (e->kind == Ex::kSubquery) {
                continue;  // ORDER BY (SELECT NULL): no order
            }
            keys.push_back({compiler_->expression(*e), item.descending});
        }
        return keys;
    }

    void add_windows(Rows& rows) {
        for (const ts::Expr* window : windows_) {
            if (window->text == "ROW_NUMBER") {
                const std::vector<SortKey> keys = sort_keys(window->over->order);
                auto places = sorted(rows, keys, frame_);
                if (keys.empty() && context_.database().restless && !places.empty()) {
                    const std::size_t by = ++context_.database().scans % places.size();
                    std::rotate(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(by), places.end());
                }
                std::int64_t number = 0;
                std::vector<std::int64_t> numbers(rows.size());
                for (const std::size_t place : places) {
                    numbers[place] = ++number;
                }
                for (std::size_t i = 0; i < rows.size(); ++i) {
                    rows[i].push_back(numbers[i]);
                }
            } else {
                for (Row& row : rows) {
                    row.push_back(static_cast<std::int64_t>(rows.size()));
                }
            }
        }
    }

    void compile_items() {
        for (const ts::SelectItem& item : select_.items) {
            if (!item.variable.empty()) {
                compiler_->unknown(*item.expr, "SELECT @variable =");
            }
            if (item.expr->kind == Ex::kStar) {
                for (std::size_t i = 0; i < from_.columns.size(); ++i) {
                    const ScopeColumn& c = from_.columns[i];
                    if (!item.expr->name.empty() && !same_name(c.table, item.expr->name.back())) {
                        continue;
                    }
                    columns_.push_back({"", c.name, c.type, c.nullable, c.clr});
                    values_.push_back([i](const Frame& f) { return (*f.row)[i]; });
                }
                continue;
            }
            const Compiled value = compiler_->expression(*item.expr);
            const std::string name = !item.alias.empty()              ? item.alias
                                     : item.expr->kind == Ex::kColumn ? item.expr->name.back()
                                                                      : "";
            columns_.push_back({"", name, value.type, value.nullable});
            values_.push_back(value.value);
        }
    }

    Row projected(const Frame& frame) const {
        Row row;
        row.reserve(values_.size());
        for (const auto& value : values_) {
            row.push_back(value(frame));
        }
        return row;
    }

    Context& context_;
    const ts::Query& query_;
    const ts::Select& select_;
    const std::string& source_;
    const Frame* frame_;
    Relation from_;
    Scope scope_;
    std::unique_ptr<Compiler> compiler_;
    Test where_;
    std::vector<const ts::Expr*> aggregates_;
    std::vector<const ts::Expr*> windows_;
    std::vector<Compiled> inputs_;
    std::vector<Type> types_;
    std::vector<ScopeColumn> columns_;
    std::vector<std::function<Value(const Frame&)>> values_;
};

void common_tables(Context& context, const ts::Query& query, const std::string& source) {
    for (const ts::Cte& cte : query.ctes) {
        Relation relation = run_query(context, *cte.query, source, nullptr, nullptr);
        for (std::size_t i = 0; i < cte.columns.size(); ++i) {
            relation.columns.at(i).name = cte.columns[i];
        }
        context.common_tables[lower_name(cte.name)] = std::move(relation);
    }
}

}  // namespace

Relation run_query(Context& context, const ts::Query& query, const std::string& source, const Scope* outer,
                   const Frame* frame) {
    common_tables(context, query, source);
    if (query.select) {
        SelectRun run(context, query, source, outer, frame);
        auto rows = std::make_shared<Rows>(run.all());
        return {run.columns(), rows};
    }
    if (query.set_op != "UNION ALL" || !query.order.empty()) {
        throw SqlError(102, 15, query.set_op + " is not known to the test server");
    }
    const Relation left = run_query(context, *query.left, source, outer, frame);
    const Relation right = run_query(context, *query.right, source, outer, frame);
    Relation result = left;
    auto rows = std::make_shared<Rows>(left.rows->size() + right.rows->size());
    for (std::size_t c = 0; c < left.columns.size(); ++c) {
        const Type type = common_type(left.columns[c].type, right.columns.at(c).type);
        result.columns[c].type = type;
        std::size_t at = 0;
        for (const Relation* part : {&left, &right}) {
            for (const Row& row : *part->rows) {
                (*rows)[at++].push_back(convert(row[c], part->columns[c].type, type));
            }
        }
    }
    result.rows = rows;
    return result;
}

std::vector<ScopeColumn> describe_query(Context& context, const ts::Query& query, const std::string& source) {
    return query.select ? SelectRun(context, query, source, nullptr, nullptr).columns()
                        : run_query(context, query, source, nullptr, nullptr).columns;
}

std::int64_t stream_query(Context& context, const ts::Query& query, const std::string& source, Answer& answer) {
    const auto announce = [&](const std::vector<ScopeColumn>& columns) {
        std::vector<ResultColumn> result;
        for (const ScopeColumn& c : columns) {
            if (c.clr) {
                throw SqlError(20001, 16,
                               "the test server gives values of column '" + c.name + "' only through their methods");
            }
            result.push_back({c.name, c.type, c.nullable});
        }
        answer.columns(result);
    };
    std::int64_t rows = 0;
    common_tables(context, query, source);
    if (query.select) {
        SelectRun run(context, query, source, nullptr, nullptr);
        announce(run.columns());
        if (run.streams()) {
            run.each([&](Row&& row) {
                answer.row(row);
                ++rows;
            });
        } else {
            for (const Row& row : run.all()) {
                answer.row(row);
                ++rows;
            }
        }
    } else {
        const Relation relation = run_query(context, query, source, nullptr, nullptr);
        announce(relation.columns);
        for (const Row& row : *relation.rows) {
            answer.row(row);
            ++rows;
        }
    }
    return rows;
}

}  // namespace tds
