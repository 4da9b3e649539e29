/* What the engine calls of OpenMP's library, for clang, which cannot read GCC's omp.h. */
#pragma once

extern "C" {
int omp_get_num_procs();
int omp_get_max_threads();
int omp_get_thread_num();
void omp_set_num_threads(int threads);
}
