#include "logdist/ingest/clients/access.hpp"

#include <algorithm>
#include <string>

#include "logdist/base/ascii.hpp"
#include "logdist/base/base64.hpp"

namespace logdist::ingest {
namespace {

/// A token, and in whose name it is given, if in anybody's.
struct Token {
  std::string text;
  std::optional<std::string> name;
};

/// `SCHEME TOKEN`, the scheme in any case.
std::optional<std::string_view> behind(std::string_view authorization, std::string_view scheme) {
  if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ' ||
      !equals_in_lower_case(authorization.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  authorization.remove_prefix(scheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

std::optional<Token> token_of(const Credentials& credentials) {
  if (credentials.many_authorizations) return std::nullopt;
  const std::string_view authorization = *credentials.authorization;
  if (const auto token = auth::bearer_token(authorization)) return Token{std::string(*token), std::nullopt};
  if (const auto token = behind(authorization, "splunk"); token && credentials.takes_splunk && !token->empty()) {
    return Token{std::string(*token), std::nullopt};
  }
  const auto encoded = behind(authorization, "basic");
  if (!encoded) return std::nullopt;
  const auto pair = from_base64(*encoded);
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return Token{pair->substr(colon + 1), pair->substr(0, colon)};
}

Identity refused(ClientRefusal refusal, std::string_view detail) {
  return {anonymous_client, nullptr, refusal, detail, nullptr};
}

}  // namespace

std::uint32_t places_of(double share, std::size_t queue_places) {
  if (share >= 1) return 0;
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(share * static_cast<double>(queue_places)));
}

Identity identify(const Access& access, const Credentials& credentials) {
  const auth::Client* client = nullptr;
  if (credentials.authorization && access.knows_clients) {
    const auto token = token_of(credentials);
    if (!token) return refused(ClientRefusal::malformed_identity, "Authorization must be Bearer TOKEN, or Basic");
    client = access.clients.find_by_token(token->text);
    if (client == nullptr || (token->name && *token->name != client->name)) {
      return refused(ClientRefusal::unknown_identity, "nobody has this token");
    }
  }
  if (credentials.certificate != nullptr) {
    const auto owner = access.clients.find_by_certificate(*credentials.certificate);
    const bool is_other = client != nullptr && owner.client != nullptr && owner.client != client;
    if (is_other || owner.is_ambiguous) {
      return refused(ClientRefusal::two_identities,
                     is_other ? std::string_view("the token and the certificate are of two clients")
                              : std::string_view("the certificate fits two clients"));
    }
    if (client == nullptr) client = owner.client;
  }
  if (client != nullptr) {
    const AccessEntry& entry = access.entries[access.clients.index_of(*client)];
    return {entry.id, client, std::nullopt, {}, &entry};
  }
  const bool suffices = access.certificates_suffice && credentials.certificate != nullptr;
  if (access.anonymous || suffices) return {};
  return refused(ClientRefusal::no_identity, access.knows_clients
                                                 ? std::string_view("a token, or a client's certificate, is needed")
                                                 : std::string_view("a client's certificate is needed"));
}

}  // namespace logdist::ingest
