// Recursive descent over T-SQL tokens. Zone: pure. A statement that cannot be parsed becomes
// St::kUnknown with its text, place and reason; parsing goes on at the next statement.
#pragma once
#include <initializer_list>

#include "tsql/ast.hpp"

namespace lakemover::tsql {

// Thrown inside the parser only; parse() turns it into an unknown statement.
struct ParseError {
    Position at;
    std::string message;
};

class Parser {
public:
    Parser(const std::vector<Token>& tokens, std::string_view source) : tokens_(tokens), source_(source) {}
    Script script();
    // The whole text as one expression or one type; these throw.
    ExprPtr lone_expression();
    TypeName lone_type();

private:
    static constexpr int kMaxNesting = 150;
    static constexpr int kMaxTree = 500;
    struct Nested {  // counts how deep the descent is
        explicit Nested(Parser& p) : parser(p) {
            if (++parser.nesting_ > kMaxNesting) {
                --parser.nesting_;
                parser.fail("nested too deeply");
            }
        }
        ~Nested() { --parser.nesting_; }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;
        Parser& parser;
    };

    // Tokens
    const Token& peek(std::size_t ahead = 0) const {
        return pos_ + ahead < tokens_.size() ? tokens_[pos_ + ahead] : tokens_.back();
    }
    bool is(std::string_view upper, std::size_t ahead = 0) const { return peek(ahead).upper == upper; }
    bool is_any(std::initializer_list<std::string_view> words, std::size_t ahead = 0) const;
    bool take(std::string_view upper);
    bool take2(std::string_view first, std::string_view second);
    void expect(std::string_view upper);
    [[noreturn]] void fail(const std::string& message) const;
    bool is_name(std::size_t ahead = 0) const;
    bool first_on_line() const;
    std::string name_part();
    Name dotted_name();
    std::string alias();
    std::vector<std::string> name_list();
    std::string skip_parens();  // the text between the next pair, consumed
    std::size_t last_end() const { return pos_ > 0 ? tokens_[pos_ - 1].end : 0; }

    // parser_expr.cpp
    ExprPtr make(Ex kind, const Position& at);
    ExprPtr done(ExprPtr e) const;
    ExprPtr binary(ExprPtr left, std::string op, ExprPtr right) const;
    ExprPtr expression();
    ExprPtr and_expression();
    ExprPtr not_expression();
    ExprPtr predicate();
    ExprPtr additive();
    ExprPtr multiplicative();
    ExprPtr unary();
    ExprPtr primary();
    ExprPtr parenthesised();
    ExprPtr case_expression();
    ExprPtr cast_expression();
    ExprPtr name_expression();
    ExprPtr call(Name name, const Position& at);
    std::vector<ExprPtr> expressions();
    std::vector<OrderItem> order_items();
    TypeName type_name();

    // parser_query.cpp
    QueryPtr query();
    QueryPtr query_body();
    QueryPtr query_term();
    QueryPtr query_primary();
    std::unique_ptr<Select> select();
    SelectItem select_item();
    std::vector<SelectItem> select_items();
    std::vector<Cte> common_tables();
    std::unique_ptr<Top> top();
    std::unique_ptr<From> from_list();
    std::unique_ptr<From> joined();
    std::unique_ptr<From> joined_from(std::unique_ptr<From> left);
    std::unique_ptr<From> joined_operand();
    std::unique_ptr<From> from_primary();
    std::vector<JsonColumn> json_columns();
    void table_alias(From& from);
    void hints(From& from);
    std::vector<std::vector<ExprPtr>> value_rows();
    std::unique_ptr<From> join(std::unique_ptr<From> left, std::string kind, std::unique_ptr<From> right) const;

    // parser_pivot.cpp
    std::unique_ptr<From> pivoted(std::unique_ptr<From>& f);

    // parser_dml.cpp
    void insert(Stmt& s);
    void rows_concerned(Stmt& s);
    void update(Stmt& s);
    void remove(Stmt& s);
    void merge(Stmt& s);
    std::unique_ptr<Output> output();
    std::vector<Assignment> assignments();
    std::unique_ptr<From> dml_target();

    // parser_stmt.cpp
    StmtPtr statement();
    void statement_into(Stmt& s);
    void begin(Stmt& s);
    void set(Stmt& s);
    void declare(Stmt& s);
    void exec(Stmt& s);
    void transaction(Stmt& s, St kind);
    void fetch(Stmt& s);
    void body_of(std::vector<StmtPtr>& body);
    void statements_until_end(std::vector<StmtPtr>& body);
    void recover();
    bool is_definition(std::size_t at) const;
    static bool starts_statement(const Token& t);

    // parser_create.cpp
    void create(Stmt& s);
    void parameters(Stmt& s);
    void routine_options(Stmt& s);
    void create_function(Stmt& s);
    void create_trigger(Stmt& s);
    TableDef table_definition();
    Column column_definition(TableDef& table);
    bool storage();
    void create_index(Stmt& s);
    void alter_table(Stmt& s);
    void drop(Stmt& s);
    void create_type(Stmt& s);
    void batch_body(std::vector<StmtPtr>& body);

    const std::vector<Token>& tokens_;
    std::string_view source_;
    std::size_t pos_ = 0;
    int nesting_ = 0;
};

Script parse(const Lexed& lexed, std::string_view source);

}  // namespace lakemover::tsql
