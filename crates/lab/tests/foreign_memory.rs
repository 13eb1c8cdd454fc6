//! A process that reads a foreign file of some megabytes takes at most sixteen times its size, whatever is in it: not as the
//! reader counts it, but as the system does, with the program itself and what the allocator adds. One test, because the peak is
//! that of the whole process.

#![cfg(target_os = "linux")]

mod archive;

use std::fs;
use std::path::Path;

use archive::archive;
use infimum_lab::foreign::{pickle, torch};

/// Bytes of each pickle.
const LENGTH: usize = 8 << 20;
/// The bound on the whole process, in sizes of the file.
const TIMES: usize = 16;

/// The most bytes of memory that this process has held since [`forget_the_peak`].
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse::<usize>().unwrap() * 1024
}

fn forget_the_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// What is repeated to make a pickle that takes much for its length.
const PIECES: [&[u8]; 7] = [b"N", b"]", b"]\x94", b")\x85", b"N(l", b"M\x00\x01", b"]N0NN"];

type Read = fn(&Path);

#[test]
fn the_whole_process_stays_below_sixteen_times_the_file() {
    let folder = std::env::temp_dir().join(format!("infimum-foreign-memory-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (plain, checkpoint) = (folder.join("many.pkl"), folder.join("many.pt"));
    for piece in PIECES {
        let many = [&b"]("[..], &piece.repeat(LENGTH / piece.len()), b"e."].concat();
        fs::write(&plain, &many).unwrap();
        fs::write(&checkpoint, archive(&[("a/data.pkl".into(), many)])).unwrap();
        let read: [(&Path, Read); 2] = [
            (&plain, |path| drop(pickle::read(path))),
            (&checkpoint, |path| drop(torch::read(path).map(|checkpoint| checkpoint.tensors().map(drop)))),
        ];
        for (path, read) in read {
            forget_the_peak();
            read(path);
            let (peak, length) = (peak(), fs::metadata(path).unwrap().len() as usize);
            let times = peak as f64 / length as f64;
            println!("{}: {times:.2} times {length} bytes of {piece:?}", path.display());
            assert!(peak <= TIMES * length, "{times:.2} times {length} bytes of {piece:?}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
