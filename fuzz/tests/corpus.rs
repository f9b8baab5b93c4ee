//! The kept corpus and the seeds, through every target: on any toolchain, without a fuzzer.

use std::path::Path;

/// A crash that was found once is a file here, and must not come back.
#[test]
fn every_target_holds_on_its_corpus() {
    for (name, check) in tubesock_fuzz::TARGETS {
        let mut count = 0;
        for folder in ["corpus", "seeds"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
            let Ok(files) = std::fs::read_dir(&folder) else { continue };
            for file in files {
                let path = file.unwrap().path();
                println!("{}", path.display());
                check(&std::fs::read(&path).unwrap());
                count += 1;
            }
        }
        assert!(count > 0, "{name} has no corpus");
    }
}
