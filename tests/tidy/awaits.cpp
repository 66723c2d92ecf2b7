#include "tests/tidy/awaits.hpp"

#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

namespace logdist::tidy {
namespace {

bool is_word(char character) { return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_'; }

bool is_space(char character) { return character == ' ' || character == '\n'; }

/// Walks the brackets of a source. Each open one has an expression under way.
class AwaitWalk {
 public:
  explicit AwaitWalk(const SourceText& source) : source_(source), code_(source.code()) {}

  Faults faults() {
    open_.push_back({Bracket::block});
    for (at_ = 0; at_ < code_.size(); ++at_) step();
    return std::move(faults_);
  }

 private:
  enum class Bracket {
    block,    ///< { } around statements
    control,  ///< ( ) behind if, for, while and switch
    group,    ///< ( ) and { } within an expression, which goes on behind it
  };

  struct Open {
    Bracket bracket;
    int awaits = 0;  ///< of the expression under way
    bool branches = false;
    std::size_t last_await = 0;  ///< its position
  };

  void step() {
    switch (code_[at_]) {
      case '#': skip_directive(); break;
      case '(': open_.push_back({follows_control_word() ? Bracket::control : Bracket::group}); break;
      // clang-format sets a space before the brace of a block, none before an initializer's.
      case '{': open_.push_back({is_space(code_[at_ - 1]) ? Bracket::block : Bracket::group}); break;
      case ')':
      case '}': close(); break;
      case ';': end_expression(); break;
      case '?': open_.back().branches = true; break;
      case '&':
      case '|': open_.back().branches |= is_logical(); break;
      case 'c': count_await(); break;
      default: break;
    }
  }

  void skip_directive() {
    while (at_ + 1 < code_.size() && (code_[at_ + 1] != '\n' || code_[at_] == '\\')) ++at_;
  }

  bool follows_control_word() const {
    const std::string_view before = code_.substr(0, at_);
    for (const std::string_view word : {"if ", "if constexpr ", "while ", "for ", "switch "}) {
      if (before.ends_with(word) && !is_word(before[before.size() - word.size() - 1])) return true;
    }
    return false;
  }

  /// Not the && of a reference, which stands at its type.
  bool is_logical() const {
    return at_ + 2 < code_.size() && code_[at_ + 1] == code_[at_] && is_space(code_[at_ - 1]) &&
           is_space(code_[at_ + 2]);
  }

  void count_await() {
    static constexpr std::string_view word = "co_await";
    if (!code_.substr(at_).starts_with(word) || is_word(code_[at_ - 1])) return;
    open_.back().awaits += 1;
    open_.back().last_await = at_;
    at_ += word.size() - 1;
  }

  void close() {
    const Open inner = open_.back();
    const bool sound = end_expression();
    if (open_.size() > 1) open_.pop_back();
    Open& outer = open_.back();
    if (inner.bracket == Bracket::group && sound) {
      outer.awaits += inner.awaits;
      if (inner.awaits != 0) outer.last_await = inner.last_await;
    } else if (inner.bracket == Bracket::control || outer.bracket == Bracket::block) {
      end_expression();  // a block within a group is a lambda's: the expression goes on
    }
  }

  /// Judges the expression under way and begins the next.
  bool end_expression() {
    Open& here = open_.back();
    const bool sound = here.awaits == 0 || (here.awaits == 1 && !here.branches);
    if (!sound) {
      faults_.push_back({source_.path(), source_.line_of(here.last_await),
                         "one co_await a statement, and no && || ?: beside it: GCC 12 compiles that wrongly"});
    }
    here = {here.bracket};
    return sound;
  }

  const SourceText& source_;
  const std::string_view code_;
  std::size_t at_ = 0;
  std::vector<Open> open_;
  Faults faults_;
};

}  // namespace

Faults check_awaits(const SourceText& source) { return AwaitWalk(source).faults(); }

}  // namespace logdist::tidy
