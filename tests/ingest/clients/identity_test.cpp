// Whose a request is: tokens, certificates, and what a connection remembers of them.
#include <gmock/gmock.h>

#include <string>

#include "logdist/base/base64.hpp"
#include "logdist/ingest/clients/directory.hpp"
#include "logdist/ingest/clients/identity.hpp"

namespace logdist::ingest {
namespace {

using auth::CertificatePattern;

auth::Client agent_client(const std::string& name, const std::string& token, const std::string& common_name = "") {
  auth::Client made;
  made.name = name;
  if (!token.empty()) made.digests.push_back(auth::digest_of(token));
  if (!common_name.empty()) made.certificates.push_back({CertificatePattern::Kind::common_name, common_name});
  return made;
}

Access access_with(std::vector<auth::Client> clients, bool anonymous = false) {
  Access access;
  access.clients = auth::Clients(std::move(clients));
  access.knows_clients = true;
  access.anonymous = anonymous;
  for (ClientId id = 1; id <= access.clients.entries().size(); ++id) access.entries.push_back({10 * id, {}, nullptr});
  access.revision = 1;
  return access;
}

Credentials saying(std::string_view authorization) {
  Credentials credentials;
  credentials.authorization = authorization;
  return credentials;
}

/// The name, or why not.
std::string owner_of(const Access& access, const Credentials& credentials) {
  const Identity identity = identify(access, credentials);
  if (identity.refusal) return std::string("refused: ") + to_string(*identity.refusal);
  return identity.client == nullptr ? "anonymous" : identity.client->name;
}

std::string basic_of(const std::string& pair) { return "Basic " + to_base64(pair); }

TEST(Identify, ReadsATokenInEachForm) {
  const Access access = access_with({agent_client("edge", "t0ken"), agent_client("core", "other", "core")});
  for (const std::string& good : {std::string("Bearer t0ken"), std::string("bearer  t0ken"), basic_of("edge:t0ken")}) {
    EXPECT_EQ(owner_of(access, saying(good)), "edge") << good;
  }
  EXPECT_EQ(identify(access, saying("Bearer other")).id, 20u);
  for (const std::string& unknown :
       {std::string("Bearer T0KEN"), basic_of("core:t0ken"), basic_of(":t0ken"), basic_of("edge:")}) {
    EXPECT_EQ(owner_of(access, saying(unknown)), "refused: unknown_identity") << unknown;
  }
  for (const std::string& broken :
       {std::string(), std::string("t0ken"), std::string("Bearer"), std::string("Bearer "), std::string("Basic t0ken"),
        basic_of("t0ken"), std::string("Splunk t0ken"), std::string("Digest username=edge")}) {
    EXPECT_EQ(owner_of(access, saying(broken)), "refused: malformed_identity") << broken;
  }
}

TEST(Identify, SplunksFormIsTakenWhereItIsSpoken) {
  const Access access = access_with({agent_client("edge", "t0ken")});
  Credentials credentials = saying("Splunk t0ken");
  credentials.takes_splunk = true;
  EXPECT_EQ(owner_of(access, credentials), "edge");
  credentials.authorization = "Splunk ";
  EXPECT_EQ(owner_of(access, credentials), "refused: malformed_identity");
}

TEST(Identify, OfTwoAuthorizationsNoneCounts) {
  const Access access = access_with({agent_client("edge", "t0ken")}, true);
  Credentials credentials = saying("Bearer t0ken");
  credentials.many_authorizations = true;
  EXPECT_EQ(owner_of(access, credentials), "refused: malformed_identity");
}

TEST(Identify, WithoutAnyItIsAnonymousOrRefused) {
  EXPECT_EQ(owner_of(access_with({agent_client("edge", "t0ken")}, true), {}), "anonymous");
  EXPECT_EQ(owner_of(access_with({agent_client("edge", "t0ken")}, false), {}), "refused: no_identity");
  EXPECT_EQ(owner_of(access_with({agent_client("edge", "t0ken")}, true), saying("Bearer x")),
            "refused: unknown_identity")
      << "a wrong token is not as good as none";
}

TEST(Identify, WithoutAFileATokenIsSomebodyElses) {
  Access access;
  EXPECT_FALSE(access.is_on());
  access.anonymous = false;
  access.certificates_suffice = true;
  EXPECT_TRUE(access.is_on());
  const core::CertificateNames names{"anybody", {}, {}};
  Credentials credentials = saying("DD-API-KEY x");
  EXPECT_EQ(owner_of(access, credentials), "refused: no_identity");
  credentials.certificate = &names;
  EXPECT_EQ(owner_of(access, credentials), "anonymous") << "is let in, and has no name";
}

TEST(Identify, ACertificateBeatsNone) {
  const Access access = access_with({agent_client("edge", "t0ken", "edge"), agent_client("core", "other", "core")});
  const core::CertificateNames edge{"edge", {}, {}};
  const core::CertificateNames stranger{"stranger", {}, {}};
  Credentials credentials;
  credentials.certificate = &edge;
  EXPECT_EQ(owner_of(access, credentials), "edge");
  credentials.authorization = "Bearer t0ken";
  EXPECT_EQ(owner_of(access, credentials), "edge");
  credentials.authorization = "Bearer other";
  EXPECT_EQ(owner_of(access, credentials), "refused: two_identities");
  credentials.certificate = &stranger;
  EXPECT_EQ(owner_of(access, credentials), "core") << "a certificate of nobody does not speak against a token";
  credentials.authorization.reset();
  EXPECT_EQ(owner_of(access, credentials), "refused: no_identity");
}

TEST(Identify, ACertificateThatFitsTwoIsNobodys) {
  auth::Client one = agent_client("one", "", "both");
  auth::Client two = agent_client("two", "t0ken");
  two.certificates.push_back({CertificatePattern::Kind::dns, "both.example"});
  const Access access = access_with({one, two}, true);
  const core::CertificateNames both{"both", {"both.example"}, {}};
  Credentials credentials;
  credentials.certificate = &both;
  EXPECT_EQ(owner_of(access, credentials), "refused: two_identities");
}

TEST(CheckRights, HoldsAClientToItsFormatsAndAddresses) {
  auth::Client edge = agent_client("edge", "t0ken");
  edge.formats = {};
  edge.formats.add(core::Protocol::loki);
  edge.addresses = {*Network::parse("10.0.0.0/8")};
  const Access access = access_with({edge});
  const Identity identity = identify(access, saying("Bearer t0ken"));
  const auto refusal = [&](core::Protocol protocol, const char* address) {
    return check_rights(identity, protocol, *IpAddress::parse(address)).refusal;
  };
  EXPECT_EQ(refusal(core::Protocol::loki, "10.1.2.3"), std::nullopt);
  EXPECT_EQ(refusal(core::Protocol::packet, "10.1.2.3"), ClientRefusal::format);
  EXPECT_EQ(refusal(core::Protocol::loki, "192.0.2.1"), ClientRefusal::address);
  EXPECT_EQ(check_rights(identity, core::Protocol::loki, *IpAddress::parse("192.0.2.1")).id, 10u)
      << "it is counted as its own";
  EXPECT_EQ(check_rights({}, core::Protocol::loki, *IpAddress::parse("192.0.2.1")).refusal, std::nullopt);
}

TEST(ConnectionIdentity, FollowsWhatEachRequestSays) {
  const Access access = access_with({agent_client("edge", "t0ken"), agent_client("core", "other")}, true);
  ConnectionIdentity connection;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(connection.of(access, saying("Bearer t0ken")).client->name, "edge");
    EXPECT_EQ(connection.of(access, saying("Bearer t0ken")).client->name, "edge");
    EXPECT_EQ(connection.of(access, saying("Bearer other")).client->name, "core");
    EXPECT_EQ(connection.of(access, saying("Bearer others")).refusal, ClientRefusal::unknown_identity);
    EXPECT_EQ(connection.of(access, {}).client, nullptr);
    EXPECT_EQ(connection.of(access, {}).refusal, std::nullopt);
    EXPECT_EQ(connection.of(access, saying("")).refusal, ClientRefusal::malformed_identity)
        << "is not the same as none";
    Credentials splunk = saying("Splunk t0ken");
    EXPECT_EQ(connection.of(access, splunk).refusal, ClientRefusal::malformed_identity);
    splunk.takes_splunk = true;
    EXPECT_EQ(connection.of(access, splunk).client->name, "edge") << "on another path";
    Credentials two = saying("Bearer t0ken");
    two.many_authorizations = true;
    EXPECT_EQ(connection.of(access, two).refusal, ClientRefusal::malformed_identity);
  }
}

TEST(ConnectionIdentity, ForgetsWhatAnotherFileHasSaid) {
  ConnectionIdentity connection;
  ClientDirectory directory;
  LatestAccess latest(&directory);
  EXPECT_FALSE(latest.get().is_on());
  directory.use(access_with({agent_client("edge", "t0ken"), agent_client("core", "other")}));
  EXPECT_EQ(connection.of(latest.get(), saying("Bearer t0ken")).id, 1u);
  EXPECT_EQ(connection.of(latest.get(), saying("Bearer other")).id, 2u);
  directory.use(access_with({agent_client("core", "other"), agent_client("new", "n")}));
  EXPECT_EQ(connection.of(latest.get(), saying("Bearer other")).id, 2u) << "a name has its id for ever";
  EXPECT_EQ(connection.of(latest.get(), saying("Bearer t0ken")).refusal, ClientRefusal::unknown_identity);
  EXPECT_EQ(connection.of(latest.get(), saying("Bearer n")).id, 3u);
}

TEST(ClientDirectory, HasIdsForSoManyNames) {
  ClientDirectory directory;
  std::vector<auth::Client> clients;
  for (std::size_t i = 0; i < ClientDirectory::names_max; ++i)
    clients.push_back(agent_client("c" + std::to_string(i), ""));
  ASSERT_TRUE(directory.has_room_for(auth::Clients(clients)));
  directory.use(access_with(clients));
  EXPECT_TRUE(directory.has_room_for(auth::Clients(clients)));
  EXPECT_FALSE(directory.has_room_for(auth::Clients({agent_client("another", "")})));
}

}  // namespace
}  // namespace logdist::ingest
