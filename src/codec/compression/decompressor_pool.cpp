#include "logdist/codec/compression/decompressor_pool.hpp"

#include <utility>

namespace logdist::codec {

bool DecompressorPool::has_one(BodyClass body_class) const {
  const auto [small, usual, lengthy] = of_class_;
  if (small + usual + lengthy == lent_max) return false;
  if (body_class == BodyClass::small) return true;
  if (usual + lengthy == lent_max - for_small) return false;
  return body_class == BodyClass::usual || lengthy < lengthy_max;
}

DecompressorPool::Lease DecompressorPool::take(ContentCoding coding, BodyClass body_class) {
  if (!has_one(body_class)) return nullptr;
  auto decompressor = std::exchange(idle_[static_cast<std::size_t>(coding)], nullptr);
  if (!decompressor) decompressor = make_decompressor(coding, watch_ ? &*watch_ : nullptr);
  ++lent_to(body_class);
  return {decompressor.release(), GiveBack{this, coding, body_class}};
}

bool DecompressorPool::make_lengthy(Lease& lease) {
  DecompressorPool& pool = *lease.get_deleter().pool;
  BodyClass& body_class = lease.get_deleter().body_class;
  if (body_class == BodyClass::lengthy) return true;
  --pool.lent_to(body_class);  // its own is no obstacle
  const bool may = pool.has_one(BodyClass::lengthy);
  if (may) body_class = BodyClass::lengthy;
  ++pool.lent_to(body_class);
  return may;
}

void DecompressorPool::GiveBack::operator()(Decompressor* decompressor) const {
  --pool->lent_to(body_class);
  pool->idle_[static_cast<std::size_t>(coding)].reset(decompressor);
}

}  // namespace logdist::codec
