# shellcheck shell=bash
# Disks of the machine's own and EBS volumes, for what Spark writes between stages; and swap.

# Whole disks, those of the machine's own first, which are faster. Each once: some distributions link the
# names that EC2 was given to those of NVMe.
disks() {
  local disk
  for disk in /dev/nvme*n[0-9] /dev/nvme*n[0-9][0-9] /dev/xvd[a-z] /dev/xvd[a-z][a-z] /dev/sd[a-z]; do
    if [[ -b "$disk" && ! -L "$disk" ]] && ! has_partitions "$disk"; then
      printf '%s %s\n' "$(kind_of_disk "$disk")" "$disk"
    fi
  done | sort | cut -d ' ' -f 2
}

has_partitions() { compgen -G "/sys/class/block/${1#/dev/}/${1#/dev/}*" >/dev/null; }

kind_of_disk() {
  if grep -qs 'Instance Storage' "/sys/class/block/${1#/dev/}/device/model"; then
    printf '1'
  else
    printf '2'
  fi
}

label_of() { blkid -p -s LABEL -o value "$1" 2>/dev/null || true; }

# Whether there is nothing at all on a disk. Anything else is somebody's data, or may be; so is a disk
# that cannot be read, of which blkid says the same.
is_blank() {
  local status=0
  dd if="$1" of=/dev/null bs=4096 count=1 status=none || return 1
  blkid -p "$1" >/dev/null 2>&1 || status=$?
  ((status == 2))
}

# point NUMBER: /mnt, /mnt2, ... as spark-ec2 has always had them.
point() { if (($1 == 1)); then printf '/mnt'; else printf '/mnt%d' "$1"; fi; }

# A volume keeps its place by its label. Disks of the machine's own are blank after each stop.
mount_volumes() {
  local disk label number taken=" " new=()
  while read -r disk; do
    label="$(label_of "$disk")"
    if [[ "$label" =~ ^sparknet-[0-9]+$ ]]; then
      taken+="${label#sparknet-} "
      mount_at "$disk" "${label#sparknet-}"
    elif is_blank "$disk"; then
      new+=("$disk")
    else
      note "$disk has something on it and is left alone"
    fi
  done < <(disks)
  for disk in ${new[@]+"${new[@]}"}; do
    number=1
    # Some images mount a disk at /mnt themselves.
    while [[ "$taken" == *" $number "* ]] || mountpoint -q "$(point "$number")"; do
      number=$((number + 1))
    done
    taken+="$number "
    note "formatting $disk"
    attempt "formatting $disk" mkfs.ext4 -q -m 0 -L "sparknet-$number" "$disk"
    mount_at "$disk" "$number"
  done
  # Without a disk of its own Spark writes to that of the system, at the same place.
  make_local_folder /mnt
}

# mount_at DISK NUMBER
mount_at() {
  local place
  place="$(point "$2")"
  mkdir -p "$place"
  if ! mountpoint -q "$place"; then attempt "mounting $1" mount -o noatime "$1" "$place"; fi
  make_local_folder "$place"
}

make_local_folder() {
  mkdir -p "$1/spark"
  chmod 700 "$1/spark"
}

# The folders for spark.local.dir, between commas.
local_folders() {
  local folder found=/mnt/spark
  for folder in /mnt[2-9]/spark /mnt[1-9][0-9]/spark; do
    if mountpoint -q "${folder%/spark}"; then found+=",$folder"; fi
  done
  printf '%s\n' "$found"
}

# make_swap: a file of SWAP_MB, on the first volume if there is one.
make_swap() {
  local file=/mnt/spark.swap room
  if ((SWAP_MB == 0)) || grep -qs "^$file " /proc/swaps; then return 0; fi
  if [[ "$(stat -c %s "$file" 2>/dev/null)" != $((SWAP_MB * 1048576)) ]]; then
    rm -f "$file" "$file.new"
    room="$(df -B 1M --output=avail /mnt | tail -n 1)"
    ((room > SWAP_MB)) || fail "$SWAP_MB MB have no room in /mnt, which has $((room)) MB left"
    # Written out: not every file system takes swap in files with holes.
    attempt "swap" dd if=/dev/zero of="$file.new" bs=1M count="$SWAP_MB" status=none
    chmod 600 "$file.new"
    attempt "swap" mkswap "$file.new"
    mv "$file.new" "$file"
  fi
  attempt "swap" swapon "$file"
}
