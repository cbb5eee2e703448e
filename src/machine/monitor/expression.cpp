#include "machine/monitor/expression.h"

#include <cctype>
#include <charconv>

namespace dragoman::machine {

namespace {

/// Precedence climbing; "$reg", numbers (decimal, 0x, 0), 'c', ( ), unary - + ~, and C's binary operators on 64 bits.
class Parser {
public:
    Parser(std::string_view& text, const RegisterReader& registers) : text_(text), registers_(registers) {}

    std::optional<u64> parse(int lowest = 0) {
        std::optional<u64> left = operand();
        while (left) {
            skip_blanks();
            int level = 0;
            std::string_view op = find_operator(level);
            if (op.empty() || level < lowest) break;
            text_.remove_prefix(op.size());
            std::optional<u64> right = parse(level + 1);
            if (!right) return std::nullopt;
            left = apply(op, *left, *right);
        }
        return left;
    }
    void skip_blanks() {
        while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
    }
    std::string error;

private:
    std::string_view find_operator(int& level) const {
        struct Operator {
            std::string_view text;
            int level;
        };
        constexpr Operator kOperators[] = {{"<<", 4}, {">>", 4}, {"|", 1}, {"^", 2}, {"&", 3},
                                           {"+", 5},  {"-", 5},  {"*", 6}, {"/", 6}, {"%", 6}};
        for (const Operator& op : kOperators) {
            if (!text_.starts_with(op.text)) continue;
            level = op.level;
            return op.text;
        }
        return {};
    }

    std::optional<u64> fail(std::string text) {
        if (error.empty()) error = std::move(text);
        return std::nullopt;
    }

    std::optional<u64> apply(std::string_view op, u64 a, u64 b) {
        switch (op.front()) {
            case '<': return b < 64 ? a << b : 0;
            case '>': return b < 64 ? a >> b : 0;
            case '|': return a | b;
            case '^': return a ^ b;
            case '&': return a & b;
            case '+': return a + b;
            case '-': return a - b;
            case '*': return a * b;
            default: break;
        }
        if (b == 0) return fail("division by zero");
        return op.front() == '/' ? a / b : a % b;
    }

    std::optional<u64> operand() {
        skip_blanks();
        if (text_.empty()) return fail("an expression is missing");
        char c = text_.front();
        if (c == '-' || c == '+' || c == '~') {
            text_.remove_prefix(1);
            std::optional<u64> value = operand();
            if (!value) return value;
            return c == '-' ? 0 - *value : c == '~' ? ~*value : *value;
        }
        if (c == '(') {
            text_.remove_prefix(1);
            std::optional<u64> value = parse();
            skip_blanks();
            if (!value) return value;
            if (!text_.starts_with(')')) return fail("')' is missing");
            text_.remove_prefix(1);
            return value;
        }
        if (c == '$') return register_value();
        if (c == '\'' && text_.size() >= 3 && text_[2] == '\'') {
            u64 value = static_cast<u8>(text_[1]);
            text_.remove_prefix(3);
            return value;
        }
        return number();
    }

    std::optional<u64> register_value() {
        text_.remove_prefix(1);
        std::size_t length = 0;
        while (length < text_.size() && (std::isalnum(static_cast<u8>(text_[length])) || text_[length] == '_'))
            length++;
        std::string_view name = text_.substr(0, length);
        text_.remove_prefix(length);
        std::optional<u64> value = registers_(name);
        return value ? value : fail("unknown register '$" + std::string(name) + "'");
    }

    std::optional<u64> number() {
        int base = 10;
        std::string_view digits = text_;
        if (digits.starts_with("0x") || digits.starts_with("0X")) {
            base = 16;
            digits.remove_prefix(2);
        } else if (digits.size() > 1 && digits.front() == '0' && std::isdigit(static_cast<u8>(digits[1]))) {
            base = 8;
        }
        u64 value = 0;
        auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
        if (status != std::errc{}) return fail("no number at '" + std::string(text_) + "'");
        text_ = std::string_view(end, static_cast<std::size_t>(text_.data() + text_.size() - end));
        return value;
    }

    std::string_view& text_;
    const RegisterReader& registers_;
};

}  // namespace

std::optional<u64> evaluate_expression(std::string_view& text, const RegisterReader& registers, std::string& error) {
    Parser parser(text, registers);
    std::optional<u64> value = parser.parse();
    parser.skip_blanks();
    if (!value) error = parser.error;
    return value;
}

}  // namespace dragoman::machine
