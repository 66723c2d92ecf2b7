#include "tests/codec/json_tree.hpp"

#include <nlohmann/json.hpp>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {
namespace {

using Json = nlohmann::json;

/// Builds the tree; remembers a number that is valid but above every double.
class TreeBuilder : public nlohmann::json_sax<Json> {
 public:
  std::unique_ptr<Node> root;
  std::size_t overflow_end = 0;
  std::string overflow_token;

  bool null() override {
    add(Node::Type::other);
    return last_->null = true;
  }
  bool boolean(bool) override { return add(Node::Type::other); }
  bool number_integer(number_integer_t) override { return add(Node::Type::other); }
  bool number_unsigned(number_unsigned_t) override { return add(Node::Type::other); }
  bool number_float(number_float_t, const string_t&) override { return add(Node::Type::other); }
  bool string(string_t& text) override { return add(Node::Type::string, text); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Node::Type::object); }
  bool start_array(std::size_t) override { return open(Node::Type::array); }
  bool key(string_t& text) override {
    key_ = text;
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string& token, const Json::exception& error) override {
    constexpr int number_overflow = 406;
    if (error.id == number_overflow) {
      overflow_end = position;
      overflow_token = token;
    }
    return false;
  }

 private:
  bool add(Node::Type type, std::string text = {}) {
    auto node = std::make_unique<Node>();
    node->type = type;
    node->text = std::move(text);
    last_ = node.get();
    if (open_.empty()) {
      root = std::move(node);
    } else {
      open_.back()->children.emplace_back(std::exchange(key_, {}), std::move(node));
    }
    return true;
  }
  bool open(Node::Type type) {
    add(type);
    open_.push_back(last_);
    return open_.size() <= 4 * max_depth;  // the tree is walked recursively
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<Node*> open_;
  Node* last_ = nullptr;
  std::string key_;
};

}  // namespace

/// Where nlohmann/json is no judge of RFC 8259 its verdict is set right: it ends at a NUL, skips a byte
/// order mark, and refuses numbers that a double cannot hold.
std::unique_ptr<Node> parse(std::string text) {
  if (text.find('\0') != std::string::npos || text.starts_with("\xef\xbb\xbf")) return nullptr;
  for (;;) {
    TreeBuilder builder;
    if (Json::sax_parse(text, &builder)) return std::move(builder.root);
    if (builder.overflow_token.empty()) return nullptr;
    const std::size_t begin = text.rfind(builder.overflow_token, builder.overflow_end);
    text.replace(begin, builder.overflow_token.size(), "0e0");  // as final as the token was
  }
}

}  // namespace logdist::codec
