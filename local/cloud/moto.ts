/** The machine images that this cloud boots, in the form that moto's MOTO_AMIS_PATH names. */

interface MachineImage {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly ownerId: string;
  readonly created: string;
}

/** Debian's own account publishes the first, this cloud's account owns the second: the golden image. */
export const machineImages: readonly MachineImage[] = [
  {
    id: "ami-0deb1a12000000001",
    name: "debian-12-amd64-20261101-0001",
    description: "Debian 12 (20261101-0001)",
    ownerId: "136693071363",
    created: "2026-11-01T00:00:00.000Z",
  },
  {
    id: "ami-0c1c57e4000000001",
    name: "cluster-host-20261102-0001",
    description: "Debian 12 with Docker, Nomad and Consul",
    ownerId: "123456789012",
    created: "2026-11-02T00:00:00.000Z",
  },
];

export function motoImages(): string {
  return JSON.stringify(
    machineImages.map(({ id, name, description, ownerId, created }) => ({
      ami_id: id,
      name,
      description,
      owner_id: ownerId,
      creation_date: created,
      public: true,
      state: "available",
      image_type: "machine",
      image_location: `${ownerId}/${name}`,
      architecture: "x86_64",
      virtualization_type: "hvm",
      hypervisor: "xen",
      root_device_type: "ebs",
      root_device_name: "/dev/xvda",
      sriov: "simple",
      boot_mode: "uefi-preferred",
    })),
  );
}

/** moto's environment: this cloud's images, a folder for the keys of certificates, and AWS's own errors for images, keys and types that do not exist. */
export function motoEnvironment(imagesFile: string, certificates: string, accountId: string): Record<string, string> {
  return {
    MOTO_AMIS_PATH: imagesFile,
    CERTIFICATES: certificates,
    MOTO_ACCOUNT_ID: accountId,
    MOTO_ENABLE_AMI_VALIDATION: "true",
    MOTO_ENABLE_KEYPAIR_VALIDATION: "true",
    MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: "true",
    MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
    PYTHONUNBUFFERED: "1",
    PYTHONDONTWRITEBYTECODE: "1",
  };
}
