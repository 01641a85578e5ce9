// What a slot is filled with: every initializer of torch.nn.init, under its name, in two forms.
//
//   add_parameter("weight", {out, in}, init::xavier_uniform({.gain = 2.0}));   // a writer
//   init::xavier_uniform_(tensor, {.gain = 2.0}, RngKey(0) / "weight");        // a function
//
// A writer is a value that holds what it needs, so it can fill its slot now, after to_empty, or
// again; what is random comes from the slot's own key. A function fills the tensor that it is
// given, a view too, and what is random comes from the key that it is given.
//
// Options are named, and {} stands for torch's defaults; the one or two numbers of constant,
// uniform, bernoulli, randint and sparse are not. Random initializers take floating types,
// which get the f32 rounded, or in f64 widened. Constant, zeros, ones, eye, dirac and bernoulli
// take any dtype that holds the values, and randint i64. Elements count in row-major order of the
// tensor's shape, whatever its strides. A tensor may have no elements. On meta the arguments are
// checked, and nothing is written.
//
// Of a shard (tensor/shard.h) each gives the values that the whole has there: xavier and kaiming
// take the fans of the whole. No others are computed, but by orthogonal and sparse, where elements
// depend on each other: their writers make the whole for the time, and cut it.
#ifndef HOLLOW_NN_INIT_H_
#define HOLLOW_NN_INIT_H_

#include "nn/init/constants.h"      // IWYU pragma: export
#include "nn/init/distributions.h"  // IWYU pragma: export
#include "nn/init/fans.h"           // IWYU pragma: export
#include "nn/init/gain.h"           // IWYU pragma: export
#include "nn/init/kaiming.h"        // IWYU pragma: export
#include "nn/init/orthogonal.h"     // IWYU pragma: export
#include "nn/init/sharded.h"        // IWYU pragma: export
#include "nn/init/sparse.h"         // IWYU pragma: export
#include "nn/init/xavier.h"         // IWYU pragma: export

#endif  // HOLLOW_NN_INIT_H_
